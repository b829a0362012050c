#include "base/encode.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

static const char digits[] = "0123456789abcdef";

void gb_hex_encode(struct gb_bytes in, char *out)
{
    for (size_t i = 0; i < in.len; i++) {
        out[2 * i] = digits[in.data[i] >> 4];
        out[2 * i + 1] = digits[in.data[i] & 15];
    }
    out[2 * in.len] = 0;
}

char *gb_hex(struct gb_arena *arena, struct gb_bytes in)
{
    if (in.len > SIZE_MAX / 4)
        return NULL;
    char *out = gb_arena_alloc_raw(arena, 2 * in.len + 1, 1);
    if (out)
        gb_hex_encode(in, out);
    return out;
}

/* Each digit's value plus one, so that zero marks what is no hex digit and a pair is checked at
 * once. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool gb_hex_decode(struct gb_bytes text, uint8_t *out, size_t len)
{
    if (text.len % 2 != 0 || text.len / 2 != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t high = values[text.data[2 * i]];
        uint8_t low = values[text.data[2 * i + 1]];
        if (high == 0 || low == 0)
            return false;
        out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return true;
}

char *gb_text_escape(struct gb_arena *arena, struct gb_bytes in, size_t max)
{
    bool cut = in.len > max;
    if (cut)
        in.len = max;
    char *out = gb_arena_alloc_raw(arena, in.len + 2, 4);
    if (!out)
        return NULL;
    size_t at = 0;
    for (size_t i = 0; i < in.len;) {
        uint32_t code = 0;
        size_t n = gb_utf8_at(in, i, &code);
        if (n > 0 && gb_utf8_printable(code)) {
            if (code == '\\')
                out[at++] = '\\';
            memcpy(out + at, in.data + i, n);
            at += n;
            i += n;
            continue;
        }
        out[at++] = '\\';
        out[at++] = 'x';
        out[at++] = digits[in.data[i] >> 4];
        out[at++] = digits[in.data[i] & 15];
        i++;
    }
    if (cut) {
        memcpy(out + at, "...", 3);
        at += 3;
    }
    out[at] = 0;
    return out;
}

static uint32_t unit_at(struct gb_bytes in, size_t i)
{
    return (uint32_t)in.data[2 * i] | (uint32_t)in.data[2 * i + 1] << 8;
}

struct gb_bytes gb_utf16_decode(struct gb_arena *arena, struct gb_bytes in)
{
    size_t units = in.len / 2;
    uint8_t *out = gb_arena_alloc_raw(arena, units + 1, 4);
    if (!out)
        return gb_bytes(NULL, 0);
    size_t at = 0;
    for (size_t i = 0; i < units && unit_at(in, i) != 0; i++) {
        uint32_t code = unit_at(in, i);
        if (code >= 0xd800 && code < 0xe000) {
            uint32_t low = i + 1 < units ? unit_at(in, i + 1) : 0;
            bool pair = code < 0xdc00 && low >= 0xdc00 && low < 0xe000;
            code = pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
            i += pair;
        }
        at += gb_utf8_put(code, out + at);
    }
    out[at] = 0;
    return gb_bytes(out, at);
}

bool gb_utf16_encode(struct gb_arena *arena, struct gb_bytes text, struct gb_bytes *ret_out)
{
    if (text.len > SIZE_MAX / 8)
        return false;
    uint8_t *out = gb_arena_alloc(arena, text.len + 1, 4);
    if (!out)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t n = gb_utf8_at(text, i, &code);
        if (n == 0)
            return false;
        i += n;
        uint32_t units[2] = {code, 0};
        size_t count = 1;
        if (code >= 0x10000) {
            units[0] = 0xd800 + ((code - 0x10000) >> 10);
            units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
            count = 2;
        }
        for (size_t k = 0; k < count; k++) {
            out[at++] = (uint8_t)units[k];
            out[at++] = (uint8_t)(units[k] >> 8);
        }
    }
    *ret_out = gb_bytes(out, at + 2);
    return true;
}
