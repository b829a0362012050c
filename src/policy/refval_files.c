#include "policy/refval_files.h"

#include <stdint.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "policy/field.h"
#include "policy/refval.h"
#include "wire/yaml.h"

/*
 * Paths are bytes, YAML is UTF-8. So a path is written as gb_text_escape prints it: "\\" is a
 * backslash, \xNN a byte. This reads that form back.
 */
static bool unescape(struct gb_bytes in, uint8_t *out, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.data[i] != '\\') {
            out[len++] = in.data[i];
            continue;
        }
        struct gb_bytes rest = gb_bytes_from(in, i + 1);
        if (gb_bytes_starts(rest, gb_bytes_str("\\"))) {
            out[len++] = '\\';
            i += 1;
        } else if (rest.len >= 3 && rest.data[0] == 'x' &&
                   gb_hex_decode(gb_bytes(rest.data + 1, 2), out + len, 1)) {
            len++;
            i += 3;
        } else {
            return false;
        }
    }
    *ret_len = len;
    return true;
}

static int read_path(const struct field_file *file, const struct yaml_node *node,
                     struct gb_bytes text, struct gb_bytes *ret_path, struct gb_err *err)
{
    if (text.len == 0 || !memchr(text.data, '\\', text.len)) {
        *ret_path = text;
        return GB_OK;
    }
    size_t len = 0;
    uint8_t *room = gb_arena_alloc_raw(file->arena, text.len, 1);
    if (!room)
        return gb_err_nomem(err);
    if (!unescape(text, room, &len))
        return field_wrong(file, node->line, err,
                           "in a path, \"\\\\\" is a backslash and \"\\xNN\" a byte; nothing else "
                           "follows a backslash");
    *ret_path = gb_bytes(room, len);
    return GB_OK;
}

static int read_digests(const struct field_file *file, const struct yaml_node *list,
                        struct ref_files *files, struct gb_err *err)
{
    size_t size = digest_size(files->alg);
    uint8_t *keys = gb_arena_alloc_raw(file->arena, list->count, size);
    struct gb_bytes *paths = gb_arena_alloc_raw(file->arena, list->count, sizeof *paths);
    if (!keys || !paths)
        return gb_err_nomem(err);
    size_t i = 0;
    for (const struct yaml_node *node = list->first; node; node = node->next, i++) {
        struct gb_bytes path = node->text;
        struct gb_bytes hex =
            node->kind == YAML_SCALAR ? gb_text_until(&path, ' ') : gb_bytes(NULL, 0);
        if (!gb_hex_decode(hex, keys + i * size, size))
            return field_wrong(file, node->line, err,
                               "a digest must be %zu hex digits, a blank and a path", 2 * size);
        int r = read_path(file, node, path, &paths[i], err);
        if (r < 0)
            return r;
    }
    files->keys = keys;
    files->paths = paths;
    files->count = list->count;
    return GB_OK;
}

static int read_algorithm(const struct field_file *file, const struct yaml_node *node,
                          enum digest_alg *ret_alg, struct gb_err *err)
{
    static const char *const names[] = {"sha256", "sha384", "sha512"};
    const struct yaml_node *field;
    size_t index = 0;
    int r = field_get(file, node, "algorithm", YAML_SCALAR, true, &field, err);
    if (r < 0)
        return r;
    if (gb_bytes_is(field->text, "sha1"))
        return field_wrong(file, field->line, err, "SHA-1 digests are not accepted");
    r = field_choice(file, field, "algorithm", FIELD_NAMES(names), &index, err);
    if (r < 0)
        return r;
    *ret_alg = digest_from_name(gb_bytes_str(names[index]));
    return GB_OK;
}

int refval_files_read(const struct field_file *file, const struct yaml_node *node, uint64_t seed,
                      struct ref_files *ret_files, struct gb_err *err)
{
    static const char *const known[] = {"algorithm", "digests"};
    struct ref_files files = {0};
    const struct yaml_node *list;
    int r = field_mapping(file, node, "a list of files", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = read_algorithm(file, node, &files.alg, err);
    if (r < 0)
        return r;
    r = field_get(file, node, "digests", YAML_SEQUENCE, true, &list, err);
    if (r < 0)
        return r;
    r = read_digests(file, list, &files, err);
    if (r < 0)
        return r;
    if (!gb_map_build(file->arena, files.keys, digest_size(files.alg), files.count, seed,
                      &files.map))
        return gb_err_nomem(err);
    *ret_files = files;
    return GB_OK;
}

static void write_one(struct gb_buf *out, struct gb_buf *line, struct gb_arena *scratch,
                      struct gb_bytes digest, struct gb_bytes path)
{
    char hex[2 * GB_LIMIT_DIGEST + 1];
    gb_hex_encode(digest, hex);
    const char *shown = gb_text_escape(scratch, path, path.len);
    line->len = 0;
    gb_buf_puts(line, hex);
    gb_buf_puts(line, " ");
    gb_buf_puts(line, shown ? shown : "");
    gb_buf_puts(out, "      - ");
    yaml_write_scalar(out, gb_buf_bytes(line));
    gb_buf_puts(out, "\n");
    if (!shown || !gb_buf_ok(line))
        out->failed = true;
    gb_arena_reset(scratch);
}

void refval_files_write(struct gb_buf *out, const char *key, const struct ref_files *files)
{
    if (files->alg == DIGEST_NONE)
        return;
    size_t size = digest_size(files->alg);
    gb_buf_printf(out, "  %s:\n    algorithm: %s\n    digests:%s\n", key, digest_name(files->alg),
                  files->count == 0 ? " []" : "");
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    if (!scratch) {
        out->failed = true;
        return;
    }
    struct gb_buf line;
    gb_buf_init(&line, GB_LIMIT_YAML_SCALAR);
    for (size_t i = 0; i < files->count && gb_buf_ok(out); i++)
        write_one(out, &line, scratch, gb_bytes(files->keys + i * size, size), files->paths[i]);
    gb_buf_done(&line);
}
