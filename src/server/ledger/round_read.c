/* A stored verdict back to what is told of it. */

#include <stdint.h>

#include "server/ledger/round.h"
#include "server/nodes/nodes.h"
#include "store/store.h"
#include "wire/json.h"

static uint8_t tier_of(struct gb_bytes name)
{
    for (int i = GB_TIER_NONE; i <= GB_TIER_CONTRAINDICATED; i++)
        if (gb_bytes_is(name, gb_tier_name((enum gb_tier)i)))
            return (uint8_t)i;
    return GB_TIER_NONE;
}

static void read_links(const struct json *json, struct node_verdict *told)
{
    const struct json *links = json_get(json, "links");
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        struct gb_bytes tier;
        const struct json *link = links ? json_get(links, gb_link_name((enum gb_link)i)) : NULL;
        if (link && json_get_text(link, "tier", &tier))
            told->links[i] = tier_of(tier);
    }
}

static const char *read_reason(struct gb_arena *arena, const struct json *json)
{
    const struct json *findings = json_get(json, "findings");
    for (size_t i = 0; findings && i < json_count(findings); i++) {
        struct gb_bytes tier, message;
        const struct json *finding = json_at(findings, i);
        if (json_get_text(finding, "tier", &tier) && tier_of(tier) == GB_TIER_CONTRAINDICATED &&
            json_get_text(finding, "message", &message))
            return (const char *)gb_arena_copy(arena, message).data;
    }
    return NULL;
}

/* 0 where the policy said nothing, or none judged. */
static int64_t read_freshness(const struct json *json)
{
    const struct json *policy = json_get(json, "judged_by");
    uint64_t seconds;
    if (!policy || !json_get_number(policy, "freshness_s", &seconds) || seconds > INT32_MAX)
        return 0;
    return (int64_t)seconds;
}

bool round_read(struct gb_arena *arena, const struct store_verdict *stored,
                struct node_verdict *ret_told)
{
    gb_cleanup(json_freep) struct json *json = NULL;
    struct node_verdict told = {.judged = true,
                                .trusted = stored->trusted,
                                .tier = stored->tier,
                                .verified_s = stored->at_s,
                                .policy = stored->policy};
    uint64_t number;
    if (json_read(stored->json, &json, NULL) < 0)
        return false;
    read_links(json, &told);
    told.reason = read_reason(arena, json);
    told.freshness_s = read_freshness(json);
    if (json_get_number(json, "ima_entries", &number))
        told.ima_entries = number;
    if (json_get_number(json, "reset_count", &number) && number <= UINT32_MAX)
        told.reset_count = (uint32_t)number;
    *ret_told = told;
    return true;
}
