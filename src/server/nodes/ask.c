#include "server/nodes/ask.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "policy/documents/field.h"
#include "server/nodes/node_id.h"
#include "wire/json.h"

int ask_body(struct gb_bytes in, struct json **ret_body, struct gb_err *err)
{
    return json_read_at_most(in, GB_LIMIT_JSON_REQUEST, ret_body, err);
}

void ask_fail(struct ask *ask, const char *fmt, ...)
{
    char text[GB_LIMIT_ERR_TEXT];
    va_list args;
    if (ask->failed)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ask->failed = true;
    gb_err_set(ask->err, GB_ERR_INPUT, "%s", text);
}

static struct gb_bytes decode(struct ask *ask, const char *key, struct gb_bytes text, size_t max)
{
    struct gb_bytes out = {0};
    if (gb_base64_len(text) > max)
        ask_fail(ask, "%s: longer than %zu bytes", key, max);
    else if (!gb_base64_decode(ask->arena, text, &out))
        ask_fail(ask, "%s: not base64", key);
    return out;
}

struct gb_bytes ask_base64(struct ask *ask, const char *key, size_t max)
{
    struct gb_bytes text;
    if (!json_get_text(ask->body, key, &text)) {
        ask_fail(ask, "%s: must be text in base64", key);
        return gb_bytes("", 0);
    }
    return decode(ask, key, text, max);
}

void ask_base64_exact(struct ask *ask, const char *key, uint8_t *out, size_t len)
{
    struct gb_bytes bytes = ask_base64(ask, key, len);
    if (bytes.len != len)
        ask_fail(ask, "%s: must be %zu bytes", key, len);
    else if (len > 0)
        memcpy(out, bytes.data, len);
}

struct gb_bytes *ask_base64_list(struct ask *ask, const char *key, size_t max_items, size_t max,
                                 size_t *ret_count)
{
    const struct json *list = json_get(ask->body, key);
    size_t count = list ? json_count(list) : 0;
    struct gb_bytes *items = gb_arena_new_array(ask->arena, struct gb_bytes, count + 1);
    *ret_count = 0;
    if (!items || count > max_items) {
        ask_fail(ask, "%s: at most %zu items", key, max_items);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        struct gb_bytes text;
        if (!json_as_text(json_at(list, i), &text)) {
            ask_fail(ask, "%s: must be a list of texts in base64", key);
            return items;
        }
        items[i] = decode(ask, key, text, max);
    }
    *ret_count = count;
    return items;
}

const char *ask_text_optional(struct ask *ask, const char *key, size_t max)
{
    struct gb_bytes text;
    const struct json *value = json_get(ask->body, key);
    if (json_absent(value))
        return NULL;
    if (!json_get_text(ask->body, key, &text) || text.len > max) {
        ask_fail(ask, "%s: must be text of at most %zu bytes", key, max);
        return NULL;
    }
    struct gb_bytes copy = gb_arena_copy(ask->arena, text);
    if (!copy.data)
        ask_fail(ask, "out of memory");
    return (const char *)copy.data;
}

const char *ask_name(struct ask *ask, const char *key)
{
    const char *name = ask_text_optional(ask, key, 253);
    uint8_t id[NODE_ID_SIZE];
    if (name && node_id_parse(gb_bytes_str(name), id)) {
        ask_fail(ask, "%s: has the form of a node's id", key); /* it would hide that node */
        return NULL;
    }
    if (name && field_name_ok(gb_bytes_str(name)))
        return name;
    ask_fail(ask, "%s: must be a name of lower case letters, digits, '-' and '.'", key);
    return NULL;
}

const char **ask_texts(struct ask *ask, const char *key, size_t max_items, size_t max,
                       size_t *ret_count)
{
    const struct json *list = json_get(ask->body, key);
    size_t count = json_count(list);
    const char **texts = gb_arena_new_array(ask->arena, const char *, count + 1);
    *ret_count = 0;
    if (!texts || count > max_items) {
        ask_fail(ask, "%s: at most %zu belong there", key, max_items);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        struct gb_bytes text;
        if (!json_as_text(json_at(list, i), &text) || text.len > max) {
            ask_fail(ask, "%s: must be texts of at most %zu bytes", key, max);
            return NULL;
        }
        texts[i] = (const char *)gb_arena_copy(ask->arena, text).data;
        if (!texts[i]) {
            ask_fail(ask, "out of memory");
            return NULL;
        }
    }
    *ret_count = count;
    return texts;
}

bool ask_parse_digest(struct gb_bytes text, uint8_t out[32])
{
    struct gb_bytes prefix = gb_bytes_str("sha256:");
    return gb_bytes_starts(text, prefix) && gb_hex_decode(gb_bytes_from(text, prefix.len), out, 32);
}

void ask_digest(struct ask *ask, const char *key, uint8_t out[32])
{
    struct gb_bytes text;
    if (!json_get_text(ask->body, key, &text) || !ask_parse_digest(text, out))
        ask_fail(ask, "%s: must be sha256: and 64 hex digits", key);
}

int64_t ask_number(struct ask *ask, const char *key, int64_t min, int64_t max)
{
    uint64_t value;
    if (json_get_number(ask->body, key, &value) && value <= (uint64_t)max && value >= (uint64_t)min)
        return (int64_t)value;
    ask_fail(ask, "%s: must be a number from %" PRId64 " to %" PRId64, key, min, max);
    return min;
}
