#include <string.h>

#include "base/encode.h"

/* RFC 4648: section 4 with padding, or section 5 without. */
struct form {
    char digits[65];
    bool padded;
};

static const struct form standard = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true};
static const struct form url_safe = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false};

static char *encode(struct gb_arena *arena, struct gb_bytes in, const struct form *form)
{
    if (in.len > SIZE_MAX / 2 - 4)
        return NULL;
    char *out = gb_arena_alloc_raw(arena, in.len / 3 * 4 + 5, 1);
    if (!out)
        return NULL;
    size_t at = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t left = in.len - i;
        uint32_t group = (uint32_t)in.data[i] << 16;
        if (left > 1)
            group |= (uint32_t)in.data[i + 1] << 8;
        if (left > 2)
            group |= in.data[i + 2];
        size_t digits = left > 2 ? 4 : left + 1;
        for (size_t k = 0; k < 4 && (k < digits || form->padded); k++)
            out[at++] = k < digits ? form->digits[group >> (18 - 6 * k) & 63] : '=';
    }
    out[at] = 0;
    return out;
}

/* A digit's value; 64 for what is none. */
static uint32_t value_of(uint8_t c, const struct form *form)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return 26u + (c - 'a');
    if (c >= '0' && c <= '9')
        return 52u + (c - '0');
    return c == (uint8_t)form->digits[62] ? 62 : c == (uint8_t)form->digits[63] ? 63 : 64;
}

/* The digits without the padding; false when the padding is not what it must be. */
static bool strip(struct gb_bytes *text, const struct form *form)
{
    if (!form->padded)
        return text->len % 4 != 1;
    if (text->len % 4 != 0)
        return false;
    for (int i = 0; i < 2 && text->len > 0 && text->data[text->len - 1] == '='; i++)
        text->len--;
    return true;
}

/* Digits without padding into `out`, which holds len / 4 * 3 + 3 bytes, or as many as there are. */
static bool decode_digits(struct gb_bytes text, const struct form *form, uint8_t *out,
                          size_t *ret_len)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t value = value_of(text.data[i], form);
        if (value > 63)
            return false;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    *ret_len = at;
    return bits == 0; /* bits left over: a second spelling of the same bytes */
}

static bool decode(struct gb_arena *arena, struct gb_bytes text, const struct form *form,
                   struct gb_bytes *ret_out)
{
    if (!strip(&text, form))
        return false;
    size_t len = 0;
    uint8_t *out = gb_arena_alloc_raw(arena, text.len / 4 * 3 + 3, 1);
    if (!out || !decode_digits(text, form, out, &len))
        return false;
    *ret_out = gb_bytes(out, len);
    return true;
}

size_t gb_base64_len(struct gb_bytes text)
{
    return strip(&text, &standard) ? text.len / 4 * 3 + text.len % 4 * 3 / 4 : 0;
}

bool gb_base64_decode_exact(struct gb_bytes text, uint8_t *out, size_t len)
{
    size_t is = 0;
    return gb_base64_len(text) == len && strip(&text, &standard) &&
           decode_digits(text, &standard, out, &is) && is == len;
}

char *gb_base64(struct gb_arena *arena, struct gb_bytes in)
{
    return encode(arena, in, &standard);
}

bool gb_base64_decode(struct gb_arena *arena, struct gb_bytes text, struct gb_bytes *ret_out)
{
    return decode(arena, text, &standard, ret_out);
}

char *gb_base64url(struct gb_arena *arena, struct gb_bytes in)
{
    return encode(arena, in, &url_safe);
}

bool gb_base64url_decode(struct gb_arena *arena, struct gb_bytes text, struct gb_bytes *ret_out)
{
    return decode(arena, text, &url_safe, ret_out);
}
