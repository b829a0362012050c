#include "ledger/note.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"

/* An em dash and a blank (C2SP signed-note). */
static const char dash[] = "\xe2\x80\x94 ";
enum { DASH = sizeof dash - 1, ID = 4 };

/* Printable, and neither what Unicode calls a space nor the "+" that ends a name in a vkey. */
static bool may_stand_in_name(uint32_t code)
{
    bool space = code == ' ' || code == 0xa0 || code == 0x1680 ||
                 (code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f ||
                 code == 0x3000;
    return !space && code != '+' && gb_utf8_printable(code);
}

static bool is_name(struct gb_bytes name)
{
    if (name.len == 0 || name.len > GB_LIMIT_NOTE_NAME)
        return false;
    for (size_t i = 0, n; i < name.len; i += n) {
        uint32_t code = 0;
        n = gb_utf8_at(name, i, &code);
        if (n == 0 || !may_stand_in_name(code))
            return false;
    }
    return true;
}

static uint32_t id_of(const uint8_t in[ID])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

int note_key_make(struct digester *digester, const char *name, enum note_kind kind,
                  const uint8_t public[ED25519_PUBLIC], struct note_key *ret_key,
                  struct gb_err *err)
{
    struct gb_bytes text = gb_bytes_str(name);
    if (!is_name(text))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "a key's name is 1 to %d bytes without blanks and without \"+\"",
                          GB_LIMIT_NOTE_NAME);
    uint8_t tail[2 + ED25519_PUBLIC] = {'\n', (uint8_t)kind};
    uint8_t digest[32];
    memcpy(tail + 2, public, ED25519_PUBLIC);
    if (digest_of_two(digester, DIGEST_SHA256, text, gb_bytes(tail, sizeof tail), digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    struct note_key key = {.kind = kind, .id = id_of(digest)};
    memcpy(key.public, public, ED25519_PUBLIC);
    memcpy(key.name, text.data, text.len);
    *ret_key = key;
    return GB_OK;
}

/* "type || public" behind the second plus. */
static bool read_material(struct gb_bytes text, enum note_kind *ret_kind,
                          uint8_t public[ED25519_PUBLIC])
{
    uint8_t raw[1 + ED25519_PUBLIC];
    if (!gb_base64_decode_exact(text, raw, sizeof raw) ||
        (raw[0] != NOTE_ED25519 && raw[0] != NOTE_COSIGNATURE))
        return false;
    *ret_kind = raw[0] == NOTE_ED25519 ? NOTE_ED25519 : NOTE_COSIGNATURE;
    memcpy(public, raw + 1, ED25519_PUBLIC);
    return true;
}

int note_key_read(struct digester *digester, struct gb_bytes vkey, struct note_key *ret_key,
                  struct gb_err *err)
{
    struct gb_bytes rest = gb_text_trim(vkey);
    struct gb_bytes name = gb_text_until(&rest, '+');
    struct gb_bytes hex = gb_text_until(&rest, '+');
    uint8_t id[ID];
    uint8_t public[ED25519_PUBLIC];
    enum note_kind kind = NOTE_KIND_NONE;
    char text[GB_LIMIT_NOTE_NAME + 1] = {0};
    if (!is_name(name) || !gb_hex_decode(hex, id, ID) || !read_material(rest, &kind, public))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "no verifier key of Ed25519: it is name+8 hex digits+base64, as "
                          "`garboard server init` prints it");
    memcpy(text, name.data, name.len);
    struct note_key key = {0};
    int r = note_key_make(digester, text, kind, public, &key, err);
    if (r < 0)
        return r;
    if (key.id != id_of(id))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "the verifier key of %s does not match its id: it was not copied whole",
                          key.name);
    *ret_key = key;
    return GB_OK;
}

/* Base64 of 33 bytes: 44 digits, no padding. No arena: a vkey is one short line. */
static void put_material(const struct note_key *key, char out[45])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t raw[1 + ED25519_PUBLIC] = {(uint8_t)key->kind};
    memcpy(raw + 1, key->public, ED25519_PUBLIC);
    for (size_t i = 0, o = 0; i < sizeof raw; i += 3) {
        uint32_t three = (uint32_t)raw[i] << 16 | (uint32_t)raw[i + 1] << 8 | raw[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            out[o++] = digits[three >> shift & 63];
    }
    out[44] = 0;
}

void note_key_write(const struct note_key *key, char out[NOTE_VKEY])
{
    char material[45];
    put_material(key, material);
    snprintf(out, NOTE_VKEY, "%s+%08x+%s", key->name, (unsigned)key->id, material);
}

/* UTF-8 without controls but newlines. */
static int check_text(struct gb_bytes in, struct gb_err *err)
{
    for (size_t i = 0, n; i < in.len; i += n) {
        uint32_t code = 0;
        n = gb_utf8_at(in, i, &code);
        if (n == 0)
            return gb_err_at(err, GB_ERR_INPUT, i, "the note is not UTF-8");
        if (code < 0x20 && code != '\n')
            return gb_err_at(err, GB_ERR_INPUT, i, "the note holds a control character");
    }
    return GB_OK;
}

/* Length of the text: up to the last empty line. 0 when there is none. */
static size_t find_text(struct gb_bytes in)
{
    for (size_t i = in.len; i >= 2; i--)
        if (in.data[i - 1] == '\n' && in.data[i - 2] == '\n')
            return i - 1;
    return 0;
}

static int read_line(struct gb_arena *arena, struct gb_bytes line, size_t offset,
                     struct note_line *ret_line, struct gb_err *err)
{
    struct gb_bytes rest = gb_bytes(line.data, line.len - 1);
    if (!gb_bytes_starts(rest, gb_bytes(dash, DASH)))
        return gb_err_at(err, GB_ERR_INPUT, offset, "no signature line");
    rest = gb_bytes_from(rest, DASH);
    struct gb_bytes name = gb_text_until(&rest, ' ');
    if (!is_name(name))
        return gb_err_at(err, GB_ERR_INPUT, offset, "a signature line without a key's name");
    size_t len = gb_base64_len(rest);
    uint8_t *raw = len > ID ? gb_arena_alloc_raw(arena, len, 1) : NULL;
    if (len > ID && !raw)
        return gb_err_nomem(err);
    if (!raw || !gb_base64_decode_exact(rest, raw, len))
        return gb_err_at(err, GB_ERR_INPUT, offset,
                         "a signature that is no base64 of key and signature");
    *ret_line = (struct note_line){
        .line = line, .name = name, .id = id_of(raw), .signature = gb_bytes(raw + ID, len - ID)};
    return GB_OK;
}

static int read_lines(struct gb_arena *arena, struct gb_bytes in, size_t offset, struct note *note,
                      struct gb_err *err)
{
    size_t count = 0;
    for (size_t i = 0; i < in.len; i++)
        count += in.data[i] == '\n';
    if (count == 0 || in.data[in.len - 1] != '\n')
        return gb_err_at(err, GB_ERR_INPUT, offset + in.len,
                         "the note does not end in a signature line");
    if (count > GB_LIMIT_NOTE_LINES)
        return gb_err_set(err, GB_ERR_LIMIT, "a note with more than %d signatures",
                          GB_LIMIT_NOTE_LINES);
    struct note_line *lines = gb_arena_new_array(arena, struct note_line, count);
    if (!lines)
        return gb_err_nomem(err);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *end = memchr(in.data + at, '\n', in.len - at);
        size_t len = (size_t)(end - (in.data + at)) + 1;
        int r = read_line(arena, gb_bytes(in.data + at, len), offset + at, &lines[i], err);
        if (r < 0)
            return r;
        at += len;
    }
    note->lines = lines;
    note->count = count;
    return GB_OK;
}

int note_read(struct gb_arena *arena, struct gb_bytes in, struct note *ret_note, struct gb_err *err)
{
    if (in.len > GB_LIMIT_NOTE)
        return gb_err_set(err, GB_ERR_LIMIT, "a note longer than %d bytes", GB_LIMIT_NOTE);
    int r = check_text(in, err);
    if (r < 0)
        return r;
    size_t len = find_text(in);
    if (len == 0)
        return gb_err_set(err, GB_ERR_INPUT, "no signed note: no empty line before signatures");
    struct note note = {.text = gb_bytes(in.data, len)};
    r = read_lines(arena, gb_bytes_from(in, len + 1), len + 1, &note, err);
    if (r == GB_OK)
        *ret_note = note;
    return r;
}

/* What a cosigner signs (C2SP tlog-cosignature). In the arena; data is NULL when out of memory. */
static struct gb_bytes cosigned_message(struct gb_arena *arena, struct gb_bytes text,
                                        uint64_t time_s)
{
    char head[64];
    int len =
        snprintf(head, sizeof head, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
    uint8_t *out = gb_arena_alloc_raw(arena, 1, (size_t)len + text.len);
    if (!out)
        return gb_bytes(NULL, 0);
    memcpy(out, head, (size_t)len);
    memcpy(out + len, text.data, text.len);
    return gb_bytes(out, (size_t)len + text.len);
}

static int verify_cosignature(struct gb_bytes text, const struct note_key *key,
                              struct gb_bytes signature, bool *ret_valid, uint64_t *ret_time_s,
                              struct gb_err *err)
{
    uint64_t time_s = 0;
    *ret_valid = false;
    if (signature.len != 8 + ED25519_SIGNATURE)
        return GB_OK;
    for (size_t i = 0; i < 8; i++)
        time_s = time_s << 8 | signature.data[i];
    if (time_s > (uint64_t)INT64_MAX)
        return GB_OK;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes message = arena ? cosigned_message(arena, text, time_s) : gb_bytes(NULL, 0);
    if (!message.data)
        return gb_err_nomem(err);
    *ret_time_s = time_s;
    return ed25519_verify(key->public, message, signature.data + 8, ret_valid, err);
}

static int verify_line(struct gb_bytes text, const struct note_key *key, struct gb_bytes signature,
                       bool *ret_valid, uint64_t *ret_time_s, struct gb_err *err)
{
    *ret_valid = false;
    *ret_time_s = 0;
    if (key->kind == NOTE_COSIGNATURE)
        return verify_cosignature(text, key, signature, ret_valid, ret_time_s, err);
    if (key->kind != NOTE_ED25519 || signature.len != ED25519_SIGNATURE)
        return GB_OK;
    return ed25519_verify(key->public, text, signature.data, ret_valid, err);
}

int note_verify(const struct note *note, const struct note_key *key,
                enum note_standing *ret_standing, uint64_t *ret_time_s, struct gb_err *err)
{
    enum note_standing standing = NOTE_UNSIGNED;
    uint64_t time_s = 0;
    for (size_t i = 0; i < note->count && standing != NOTE_WRONG; i++) {
        const struct note_line *line = &note->lines[i];
        if (line->id != key->id || !gb_bytes_is(line->name, key->name))
            continue;
        bool valid = false;
        uint64_t at_s = 0;
        int r = verify_line(note->text, key, line->signature, &valid, &at_s, err);
        if (r < 0)
            return r;
        standing = valid ? NOTE_SIGNED : NOTE_WRONG;
        time_s = at_s > time_s ? at_s : time_s;
    }
    *ret_standing = standing;
    if (ret_time_s)
        *ret_time_s = standing == NOTE_SIGNED ? time_s : 0;
    return GB_OK;
}

void note_begin(struct gb_buf *out, struct gb_bytes text)
{
    gb_buf_add(out, text.data, text.len);
    gb_buf_u8(out, '\n');
}

/* The key's id and the signature. */
static int sign_raw(struct gb_arena *arena, const struct ed25519 *key, const struct note_key *as,
                    struct gb_bytes text, uint64_t time_s, struct gb_bytes *ret_raw,
                    struct gb_err *err)
{
    bool cosigns = as->kind == NOTE_COSIGNATURE;
    struct gb_bytes message = cosigns ? cosigned_message(arena, text, time_s) : text;
    size_t at = cosigns ? ID + 8 : ID;
    uint8_t *raw = gb_arena_alloc(arena, 1, at + ED25519_SIGNATURE);
    if (!raw || !message.data)
        return gb_err_nomem(err);
    for (size_t i = 0; i < ID; i++)
        raw[i] = (uint8_t)(as->id >> (24 - 8 * i));
    for (size_t i = 0; cosigns && i < 8; i++)
        raw[ID + i] = (uint8_t)(time_s >> (56 - 8 * i));
    *ret_raw = gb_bytes(raw, at + ED25519_SIGNATURE);
    return ed25519_sign(key, message, raw + at, err);
}

int note_sign(const struct ed25519 *key, const struct note_key *as, struct gb_bytes text,
              uint64_t time_s, struct gb_buf *out, struct gb_err *err)
{
    uint8_t public[ED25519_PUBLIC];
    struct gb_bytes raw = {0};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    int r = ed25519_public(key, public, err);
    if (r < 0)
        return r;
    if (memcmp(public, as->public, sizeof public) != 0 || time_s > (uint64_t)INT64_MAX)
        return gb_err_set(err, GB_ERR_BUG, "this is not the key of %s", as->name);
    r = sign_raw(arena, key, as, text, time_s, &raw, err);
    if (r < 0)
        return r;
    const char *encoded = gb_base64(arena, raw);
    if (!encoded)
        return gb_err_nomem(err);
    gb_buf_puts(out, dash);
    gb_buf_printf(out, "%s %s\n", as->name, encoded);
    return gb_buf_ok(out) ? GB_OK : gb_err_set(err, GB_ERR_LIMIT, "the note grows too long");
}
