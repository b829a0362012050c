#include "cli/reply.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "wire/json.h"

enum { SHOWN = 1000 };

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

const char *reply_text(struct gb_arena *arena, const struct json *object, const char *key)
{
    return reply_item(arena, json_get(object, key));
}

static size_t backslashes(struct gb_bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\\';
    return count;
}

/* Sentences come escaped already ("\EFI\BOOT"): where escaping does nothing but double backslashes,
 * the text is safe as it is. */
static const char *printable(struct gb_arena *arena, struct gb_bytes text)
{
    const char *escaped = gb_text_escape(arena, text, SHOWN);
    if (!escaped || strlen(escaped) != text.len + backslashes(text) || text.len > SHOWN)
        return or_dash(escaped);
    return or_dash((const char *)gb_arena_copy(arena, text).data);
}

const char *reply_item(struct gb_arena *arena, const struct json *item)
{
    struct gb_bytes text;
    return json_as_text(item, &text) ? printable(arena, text) : "-";
}

const char *reply_number(struct gb_arena *arena, const struct json *object, const char *key)
{
    uint64_t number = 0;
    return json_get_number(object, key, &number)
               ? or_dash(gb_arena_printf(arena, "%llu", (unsigned long long)number))
               : "-";
}

const char *reply_list(struct gb_arena *arena, const struct json *object, const char *key)
{
    const struct json *list = json_get(object, key);
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, (size_t)SHOWN * 8);
    for (size_t i = 0; i < json_count(list); i++)
        gb_buf_printf(&out, "%s%s", i > 0 ? ", " : "", reply_item(arena, json_at(list, i)));
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&out));
    return gb_buf_ok(&out) ? or_dash((const char *)copy.data) : "-";
}

bool reply_time(const struct json *object, const char *key, int64_t *ret_time_s)
{
    struct gb_bytes text;
    return json_get_text(object, key, &text) && gb_clock_parse(text, ret_time_s);
}

const char *reply_when(struct gb_arena *arena, const struct json *object, const char *key,
                       int64_t now_s)
{
    int64_t at_s = 0;
    if (!reply_time(object, key, &at_s))
        return "-";
    int64_t span = at_s > now_s ? at_s - now_s : now_s - at_s;
    int64_t shown = span < 120         ? span
                    : span < 7200      ? span / 60
                    : span < 48 * 3600 ? span / 3600
                                       : span / (24 * 3600);
    const char *unit = span < 120 ? "s" : span < 7200 ? "m" : span < 48 * 3600 ? "h" : "d";
    return or_dash(gb_arena_printf(arena, "%s%lld%s%s", at_s > now_s ? "in " : "", (long long)shown,
                                   unit, at_s > now_s ? "" : " ago"));
}

bool reply_is(const struct json *object, const char *key, const char *text)
{
    struct gb_bytes found;
    return json_get_text(object, key, &found) && gb_bytes_is(found, text);
}

enum gb_tier reply_tier(const struct json *object, const char *key)
{
    static const struct {
        const char *word;
        enum gb_tier tier;
    } words[] = {{"trusted", GB_TIER_AFFIRMING},
                 {"affirming", GB_TIER_AFFIRMING},
                 {"fresh", GB_TIER_AFFIRMING},
                 {"warning", GB_TIER_WARNING},
                 {"stale", GB_TIER_WARNING},
                 {"unreachable", GB_TIER_WARNING},
                 {"untrusted", GB_TIER_CONTRAINDICATED},
                 {"contraindicated", GB_TIER_CONTRAINDICATED}};
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++)
        if (reply_is(object, key, words[i].word))
            return words[i].tier;
    return GB_TIER_NONE;
}
