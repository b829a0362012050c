#include "evidence/ima_rebuild.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/ima_template.h"

enum {
    CHUNK = 256 << 10,
    FIELD_ROOM =
        8, /* what a field may grow by: its length, a NUL, a number wider than its digits */
};

bool ima_rebuild_reserve(struct ima_rebuild *out, size_t line_len)
{
    size_t need = line_len + (size_t)FIELD_ROOM * (GB_LIMIT_IMA_FIELDS + 1);
    if (out->left >= need)
        return true;
    size_t size = need > CHUNK ? need : CHUNK;
    uint8_t *chunk = gb_arena_alloc_raw(out->arena, size, 1);
    if (!chunk)
        return false;
    out->at = chunk;
    out->left = size;
    return true;
}

/* ima_rebuild_reserve was asked for the whole line before. */
static uint8_t *take(struct ima_rebuild *out, size_t len)
{
    uint8_t *at = out->at;
    out->at += len;
    out->left -= len;
    return at;
}

static void put(struct ima_rebuild *out, struct gb_bytes in)
{
    uint8_t *at = take(out, in.len);
    if (in.len > 0)
        memcpy(at, in.data, in.len);
}

static void put_number(struct ima_rebuild *out, uint64_t value, size_t width)
{
    uint8_t *at = take(out, width);
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static void put_length(struct ima_rebuild *out, size_t len)
{
    put_number(out, len, sizeof(uint32_t));
}

bool ima_rebuild_hex(struct ima_rebuild *out, struct gb_bytes hex)
{
    uint8_t *at = take(out, hex.len / 2);
    return hex.len % 2 == 0 && gb_hex_decode(hex, at, hex.len / 2);
}

/* "sha256:6162" or "ima:sha256:6162": the words keep their colon, a NUL follows, then the digest.
 */
static const char *put_digest_ng(struct ima_rebuild *out, struct gb_bytes token)
{
    const uint8_t *colon = token.len ? memrchr(token.data, ':', token.len) : NULL;
    if (!colon)
        return "digest without its algorithm";
    size_t words = (size_t)(colon - token.data) + 1;
    struct gb_bytes hex = gb_bytes_from(token, words);
    put_length(out, words + 1 + hex.len / 2);
    put(out, gb_bytes(token.data, words));
    put_number(out, 0, 1);
    return ima_rebuild_hex(out, hex) ? NULL : "digest is not hexadecimal";
}

static const char *put_hex_field(struct ima_rebuild *out, struct gb_bytes token)
{
    put_length(out, token.len / 2);
    return ima_rebuild_hex(out, token) ? NULL : "field is not hexadecimal";
}

static const char *put_text(struct ima_rebuild *out, struct gb_bytes token)
{
    put_length(out, token.len + 1);
    put(out, token);
    put_number(out, 0, 1);
    return NULL;
}

static const char *put_decimal(struct ima_rebuild *out, struct gb_bytes token, size_t width)
{
    uint64_t value;
    if (!gb_text_u64(token, width == sizeof(uint16_t) ? UINT16_MAX : UINT32_MAX, &value))
        return "field is not a decimal number";
    put_length(out, width);
    put_number(out, value, width);
    return NULL;
}

/* One field from its printed form (ima_template_lib.c, ima_show_template_data_ascii) to what the
 * template digest covers. Lengths are little-endian, as on all machines that we know with a TPM. */
static const char *rebuild_field(struct ima_rebuild *out, enum ima_field field,
                                 struct gb_bytes token)
{
    switch (field) {
    case IMA_FIELD_D_NG:
    case IMA_FIELD_D_NGV2:
        return put_digest_ng(out, token);
    case IMA_FIELD_D_MODSIG:
        return token.len ? put_digest_ng(out, token) : put_hex_field(out, token);
    case IMA_FIELD_NAME:
        return put_text(out, token);
    case IMA_FIELD_TEXT:
        return token.len ? put_text(out, token) : put_hex_field(out, token);
    case IMA_FIELD_U32:
        return put_decimal(out, token, sizeof(uint32_t));
    case IMA_FIELD_U16:
        return put_decimal(out, token, sizeof(uint16_t));
    case IMA_FIELD_D:
    case IMA_FIELD_SIG:
    case IMA_FIELD_MODSIG:
    case IMA_FIELD_BUF:
    case IMA_FIELD_BYTES:
        return put_hex_field(out, token);
    case IMA_FIELD_NONE:
        break;
    }
    return "unknown field";
}

/* Cuts the last word and the blank before it off. */
static struct gb_bytes cut_last(struct gb_bytes *rest)
{
    const uint8_t *blank = rest->len ? memrchr(rest->data, ' ', rest->len) : NULL;
    if (!blank)
        return gb_bytes(NULL, 0); /* empty last fields, and an editor that ate the blanks */
    size_t before = (size_t)(blank - rest->data);
    struct gb_bytes word = gb_bytes_from(*rest, before + 1);
    rest->len = before;
    return word;
}

/* One blank stands between two fields; only a path may hold more of them. So fields before the path
 * are cut from the front, those after it from the back, and the path is what remains. */
static void cut_fields(struct gb_bytes rest, const struct ima_template *template,
                       struct gb_bytes tokens[GB_LIMIT_IMA_FIELDS])
{
    size_t name = 0;
    while (name + 1 < template->count && template->fields[name] != IMA_FIELD_NAME)
        tokens[name++] = gb_text_until(&rest, ' ');
    for (size_t i = template->count - 1; i > name; i--)
        tokens[i] = cut_last(&rest);
    tokens[name] = rest;
}

/* Template "ima": digest, length, name, as the binary list has them. */
static const char *rebuild_legacy(struct ima_rebuild *out, const struct gb_bytes tokens[],
                                  struct ima_entry *entry)
{
    uint8_t *start = out->at;
    if (tokens[0].len / 2 != IMA_LEGACY_DIGEST || !ima_rebuild_hex(out, tokens[0]))
        return "digest is not 40 hexadecimal digits";
    if (tokens[1].len >= IMA_LEGACY_NAME)
        return "name is longer than 255 bytes";
    put_length(out, tokens[1].len);
    entry->is_legacy = true;
    entry->file_alg = DIGEST_SHA1;
    entry->file_digest = gb_bytes(start, IMA_LEGACY_DIGEST);
    entry->path = gb_bytes(out->at, tokens[1].len);
    put(out, tokens[1]);
    entry->template_data = gb_bytes(start, (size_t)(out->at - start));
    return NULL;
}

const char *ima_rebuild_data(struct ima_rebuild *out, const struct ima_template *template,
                             struct gb_bytes rest, struct ima_entry *entry)
{
    struct gb_bytes tokens[GB_LIMIT_IMA_FIELDS] = {{0}};
    cut_fields(rest, template, tokens);
    if (template->legacy)
        return rebuild_legacy(out, tokens, entry);
    uint8_t *start = out->at;
    for (size_t i = 0; i < template->count; i++) {
        const char *wrong = rebuild_field(out, template->fields[i], tokens[i]);
        if (wrong)
            return wrong;
    }
    entry->template_data = gb_bytes(start, (size_t)(out->at - start));
    size_t at;
    return ima_template_split(template, entry, &at);
}
