#include "server/ledger/story.h"

#include "base/bytes.h"
#include "base/finding.h"
#include "base/limits.h"
#include "wire/json.h"

static bool is(const struct json *finding, const char *key, const char *text)
{
    struct gb_bytes value;
    return json_get_text(finding, key, &value) && gb_bytes_is(value, text);
}

static bool is_code(const struct json *finding, enum gb_finding_code code)
{
    return is(finding, "code", gb_finding_code_name(code));
}

static bool same(const struct json *a, const struct json *b, const char *key)
{
    struct gb_bytes left;
    struct gb_bytes right;
    return json_get_text(a, key, &left) && json_get_text(b, key, &right) &&
           gb_bytes_equal(left, right);
}

static bool said_again(const struct json *finding, const struct json *findings)
{
    for (size_t i = 0; i < json_count(findings); i++)
        if (same(finding, json_at(findings, i), "code") &&
            same(finding, json_at(findings, i), "message"))
            return true;
    return false;
}

/* Evidence is judged anew in each round, and so is what follows from other links. */
static bool stands(const struct json *finding)
{
    static const enum gb_finding_code passing[] = {
        GB_FINDING_LINK_EARLIER, GB_FINDING_LINK_RESTS, GB_FINDING_LINK_RESTS_WARNING,
        GB_FINDING_LINK_UNPROVEN, GB_FINDING_POLICY_NONE};
    for (size_t i = 0; i < GB_ARRAY_LEN(passing); i++)
        if (is_code(finding, passing[i]))
            return false;
    return !is(finding, "link", gb_link_name(GB_LINK_EVIDENCE));
}

static bool is_against(const struct json *finding, const struct json *other)
{
    return is(other, "tier", gb_tier_name(GB_TIER_CONTRAINDICATED)) && same(finding, other, "link");
}

/* "An earlier round found this": said by its own words, now that those are here. */
static bool is_spelled_out(const struct json *finding, const struct json *findings)
{
    if (!is_code(finding, GB_FINDING_LINK_EARLIER))
        return false;
    for (size_t i = 0; i < json_count(findings); i++)
        if (is_against(finding, json_at(findings, i)))
            return true;
    return false;
}

void story_join(struct json *earlier, struct json *now)
{
    gb_cleanup(json_freep) struct json *before = json_take(earlier, "findings");
    gb_cleanup(json_freep) struct json *fresh = json_take(now, "findings");
    if (!fresh)
        return;
    struct json *all = json_new_array();
    for (struct json *f; (f = json_take_at(before, 0));) {
        if (stands(f) && !said_again(f, fresh) && json_count(all) < GB_LIMIT_FINDINGS)
            json_push(all, f);
        else
            json_free(f);
    }
    for (struct json *f; (f = json_take_at(fresh, 0));) {
        if (is_spelled_out(f, all))
            json_free(f);
        else
            json_push(all, f);
    }
    json_set(now, "findings", all);
}
