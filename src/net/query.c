#include "net/query.h"

#include "base/encode.h"
#include "base/text.h"

struct gb_bytes query_cut(struct gb_bytes *target)
{
    return gb_text_until(target, '?');
}

static bool decode_one(struct gb_bytes *in, uint8_t *out)
{
    *out = in->data[0] == '+' ? ' ' : in->data[0];
    size_t used = 1;
    if (in->data[0] == '%') {
        if (in->len < 3 || !gb_hex_decode(gb_bytes(in->data + 1, 2), out, 1))
            return false;
        used = 3;
    }
    *in = gb_bytes_from(*in, used);
    return *out != '\0';
}

static bool value_ok(struct gb_bytes in)
{
    uint8_t scrap;
    while (in.len > 0)
        if (!decode_one(&in, &scrap))
            return false;
    return true;
}

static size_t times(struct gb_bytes query, struct gb_bytes wanted)
{
    size_t times = 0;
    while (query.len > 0) {
        struct gb_bytes part = gb_text_until(&query, '&');
        times += gb_bytes_equal(gb_text_until(&part, '='), wanted);
    }
    return times;
}

bool query_only(struct gb_bytes query, struct gb_bytes keys)
{
    struct gb_bytes rest = query;
    while (rest.len > 0) {
        struct gb_bytes value = gb_text_until(&rest, '&');
        bool empty = value.len == 0; /* "&&" says nothing */
        struct gb_bytes key = gb_text_until(&value, '=');
        if (!empty && (times(keys, key) == 0 || times(query, key) != 1 || !value_ok(value)))
            return false;
    }
    return true;
}

static bool decode(struct gb_arena *arena, struct gb_bytes in, struct gb_bytes *ret_out)
{
    uint8_t *out = gb_arena_alloc(arena, in.len + 1, 1); /* with a NUL behind */
    size_t len = 0;
    while (out && in.len > 0)
        if (!decode_one(&in, &out[len++]))
            return false;
    *ret_out = gb_bytes(out, len);
    return out != NULL;
}

bool query_find(struct gb_arena *arena, struct gb_bytes query, const char *name,
                struct gb_bytes *ret_value)
{
    struct gb_bytes found = {0};
    while (query.len > 0) {
        struct gb_bytes value = gb_text_until(&query, '&');
        struct gb_bytes key = gb_text_until(&value, '=');
        if (!gb_bytes_is(key, name))
            continue;
        if (found.data)
            return false; /* two answers to one question */
        found = value.data ? value : gb_bytes("", 0);
    }
    return found.data && decode(arena, found, ret_value);
}
