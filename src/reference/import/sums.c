#include "reference/import/sums.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "reference/import/import.h"

static bool is_algorithm(struct gb_bytes word, size_t hex_len)
{
    return digest_size(digest_from_name(word)) * 2 == hex_len && hex_len > 0;
}

/* GNU coreutils escapes three characters of names, and says so by a backslash before the line. */
static bool unescape(struct import *import, struct gb_bytes name, struct gb_bytes *ret_name)
{
    uint8_t *room = gb_arena_alloc_raw(import->arena, name.len + 1, 1);
    size_t len = 0;
    if (!room) {
        import_fail(import, GB_ERR_NOMEM);
        return true;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (c == '\\') {
            c = i + 1 < name.len ? name.data[++i] : 0;
            if (c != '\\' && c != 'n' && c != 'r')
                return false;
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        room[len++] = c;
    }
    *ret_name = gb_bytes(room, len);
    return true;
}

/* "SHA256 (NAME) = HEX": the name may hold anything, so the line is cut from its end. */
static bool read_tagged(struct gb_bytes line, struct gb_bytes *ret_hex, struct gb_bytes *ret_name)
{
    static const char before[] = " (", after[] = ") = ";
    const uint8_t *open = memmem(line.data, line.len, before, sizeof before - 1);
    if (!open)
        return false;
    struct gb_bytes alg = gb_bytes(line.data, (size_t)(open - line.data));
    size_t hex_len = 2 * digest_size(digest_from_name(alg));
    size_t name_at = alg.len + sizeof before - 1;
    size_t tail = sizeof after - 1 + hex_len;
    if (hex_len == 0 || line.len < name_at + tail)
        return false;
    struct gb_bytes name = gb_bytes(line.data + name_at, line.len - name_at - tail);
    if (memcmp(name.data + name.len, after, sizeof after - 1) != 0)
        return false;
    *ret_name = name;
    *ret_hex = gb_bytes(line.data + line.len - hex_len, hex_len);
    return true;
}

/* "HEX  NAME", "HEX *NAME", "sha256:HEX  NAME" */
static bool read_plain(struct gb_bytes line, struct gb_bytes *ret_hex, struct gb_bytes *ret_name)
{
    struct gb_bytes rest = line;
    struct gb_bytes hex = gb_text_until(&rest, ' ');
    const uint8_t *colon = hex.len > 0 ? memchr(hex.data, ':', hex.len) : NULL;
    if (colon) {
        struct gb_bytes alg = gb_bytes(hex.data, (size_t)(colon - hex.data));
        hex = gb_bytes_from(hex, alg.len + 1);
        if (!is_algorithm(alg, hex.len))
            return false;
        while (rest.len > 1 && rest.data[0] == ' ')
            rest = gb_bytes_from(rest, 1);
    } else if (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '*')) {
        rest = gb_bytes_from(rest, 1);
    }
    *ret_hex = hex;
    *ret_name = rest;
    return rest.len > 0;
}

/* Keylime's older lists hold what is no file, too: the aggregate of the boot's PCRs, and keys. */
static bool is_no_file(struct import *import, struct gb_bytes name)
{
    bool is_key = gb_bytes_starts(name, gb_bytes_str("%keyring:"));
    if (gb_bytes_is(name, "boot_aggregate"))
        import_note(import, "boot_aggregate is left out: it is judged against the replayed PCRs");
    else if (is_key)
        import_note(import,
                    "a key of %s is left out: say in ima.criticalData how keys that are loaded "
                    "are judged",
                    import_text(import, name));
    return is_key || gb_bytes_is(name, "boot_aggregate");
}

static bool read_line(struct import *import, struct gb_bytes line)
{
    struct gb_bytes hex, name;
    bool escaped = line.data[0] == '\\';
    if (escaped)
        line = gb_bytes_from(line, 1);
    if (!read_tagged(line, &hex, &name) && !read_plain(line, &hex, &name))
        return false;
    if (escaped && !unescape(import, name, &name))
        return false;
    if (name.len > GB_LIMIT_IMPORT_TEXT)
        return false;
    return is_no_file(import, name) || import_file_hex(import, hex, name);
}

int sums_read(struct import *import, struct gb_bytes in, struct gb_err *err)
{
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, in);
    while (import->failed == GB_OK && gb_lines_next(&lines, &line)) {
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (!read_line(import, line))
            return gb_err_set(err, GB_ERR_INPUT,
                              "line %zu is no checksum of 64, 96 or 128 hex digits and a name",
                              lines.line);
    }
    return GB_OK;
}
