#include "reference/import/keylime_hints.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "reference/import/import.h"
#include "wire/json.h"
#include "wire/yaml.h"

enum { PEM_LINE = 64, RINGS_DEEP = 2 };

static int kept(struct import *import, struct gb_buf *out, const char **ret_yaml,
                struct gb_err *err)
{
    struct gb_bytes copy = gb_arena_copy(import->arena, gb_buf_bytes(out));
    if (!gb_buf_ok(out) || !copy.data)
        return gb_err_nomem(err);
    *ret_yaml = copy.len > 0 ? (const char *)copy.data : NULL;
    return GB_OK;
}

/* "/var/tmp/.*" and "/boot/grub2/i386-pc/x\\.mod" mean the patterns "/var/tmp/<star>" and a path;
 * false for an expression that says more than a pattern can. A match at the beginning is enough for
 * Keylime, so a pattern ends in a star unless the expression ends in "$". */
static bool to_pattern(struct gb_bytes regex, struct gb_buf *out)
{
    bool open = true;
    if (regex.len > 0 && regex.data[0] == '^')
        regex = gb_bytes_from(regex, 1);
    for (size_t i = 0; i < regex.len; i++) {
        char c = (char)regex.data[i];
        bool last = i + 1 == regex.len;
        if (c == '$' && last) {
            open = false;
        } else if (c == '.' && !last && regex.data[i + 1] == '*') {
            gb_buf_u8(out, '*');
            i++;
            open = open && i + 1 != regex.len;
        } else if (c == '\\' && !last && strchr("./-+_", regex.data[i + 1])) {
            gb_buf_u8(out, regex.data[++i]);
        } else if (strchr(".*?+[](){}|^$\\", c)) {
            return false;
        } else {
            gb_buf_u8(out, (uint8_t)c);
        }
    }
    if (open)
        gb_buf_u8(out, '*');
    /* A path is absolute; and what excepts everything nobody should paste. */
    return out->len > 1 && out->data[0] == '/' && !gb_bytes_is(gb_buf_bytes(out), "/*");
}

static void write_exception(struct import *import, struct gb_bytes regex, struct gb_buf *out)
{
    gb_cleanup(gb_buf_done) struct gb_buf pattern;
    gb_buf_init(&pattern, GB_LIMIT_IMPORT_TEXT);
    if (!to_pattern(regex, &pattern) || !gb_buf_ok(&pattern)) {
        import_note(import,
                    "excludes: \"%s\" says more than a path pattern can, or excepts "
                    "everything: write ima.exceptions for it by hand",
                    import_text(import, regex));
        return;
    }
    gb_buf_puts(out, "    - path: ");
    yaml_write_scalar(out, gb_buf_bytes(&pattern));
    gb_buf_puts(out, "\n      reason: excluded in the Keylime policy\n");
}

int keylime_exceptions(struct import *import, const struct json *excludes, const char **ret_yaml,
                       struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    struct gb_bytes regex;
    gb_buf_init(&out, GB_LIMIT_IMPORT_FILE);
    if (!json_absent(excludes) && !json_is_list(excludes))
        return gb_err_set(err, GB_ERR_INPUT, "member \"excludes\" is not a list of texts");
    for (size_t i = 0; i < json_count(excludes); i++) {
        if (!json_as_text(json_at(excludes, i), &regex))
            return gb_err_set(err, GB_ERR_INPUT, "member \"excludes\" is not a list of texts");
        write_exception(import, regex, &out);
    }
    return kept(import, &out, ret_yaml, err);
}

/* In the armour of PEM, indented for a YAML block. */
static void write_key(struct gb_buf *out, size_t number, struct gb_bytes base64)
{
    gb_buf_printf(out, "    - name: keylime-%zu\n", number);
    gb_buf_puts(out, "      # Keylime has the public key alone: put its certificate here\n"
                     "      certificate: |\n");
    gb_buf_puts(out, "        -----BEGIN PUBLIC KEY-----\n");
    for (size_t at = 0; at < base64.len; at += PEM_LINE) {
        size_t n = base64.len - at < PEM_LINE ? base64.len - at : PEM_LINE;
        gb_buf_puts(out, "        ");
        gb_buf_add(out, base64.data + at, n);
        gb_buf_puts(out, "\n");
    }
    gb_buf_puts(out, "        -----END PUBLIC KEY-----\n");
}

static int read_ring(struct import *import, const struct json *ring, size_t *count,
                     struct gb_buf *out, struct gb_err *err)
{
    const struct json *keys = json_get(ring, "pubkeys");
    struct gb_bytes base64, der;
    for (size_t i = 0; i < json_count(keys); i++) {
        if (!json_as_text(json_at(keys, i), &base64) ||
            !gb_base64_decode(import->arena, base64, &der) || der.len == 0)
            return gb_err_set(err, GB_ERR_INPUT, "verification-keys: key %zu is no base64", i);
        write_key(out, ++*count, base64);
    }
    return GB_OK;
}

/* One keyring, or keyrings by name, each in a string of its own again. */
static int read_rings(struct import *import, struct gb_bytes text, unsigned deep, size_t *count,
                      struct gb_buf *out, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *rings = NULL;
    struct gb_bytes name, inner;
    int r = json_read(text, &rings, err);
    if (r < 0) {
        gb_err_prefix(err, "verification-keys: ");
        if (err)
            err->offset = GB_NO_OFFSET; /* of a text within a text: of no use */
        return r;
    }
    if (deep > 0 && json_as_text(rings, &inner))
        return read_rings(import, inner, deep - 1, count, out, err);
    if (json_get(rings, "pubkeys"))
        return read_ring(import, rings, count, out, err);
    for (size_t i = 0; r == GB_OK && i < json_members(rings); i++) {
        const struct json *ring = json_member(rings, i, &name);
        if (deep > 0 && json_as_text(ring, &inner))
            r = read_rings(import, inner, deep - 1, count, out, err);
        else
            r = read_ring(import, ring, count, out, err);
    }
    return r;
}

int keylime_signers(struct import *import, const struct json *keys, const char **ret_yaml,
                    struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    struct gb_bytes text;
    size_t count = 0;
    gb_buf_init(&out, GB_LIMIT_IMPORT_FILE);
    if (json_absent(keys))
        return GB_OK;
    if (!json_as_text(keys, &text))
        return gb_err_set(err, GB_ERR_INPUT, "member \"verification-keys\" is not text");
    int r = text.len > 0 ? read_rings(import, text, RINGS_DEEP, &count, &out, err) : GB_OK;
    return r < 0 ? r : kept(import, &out, ret_yaml, err);
}
