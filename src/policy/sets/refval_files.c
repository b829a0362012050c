#include "policy/sets/refval_files.h"

#include <stdint.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "policy/documents/field.h"
#include "policy/sets/ref_files.h"
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

static int read_path(const struct field_file *file, unsigned line, struct gb_bytes text,
                     struct gb_bytes *ret_path, struct gb_err *err)
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
        return field_wrong(file, line, err,
                           "in a path, \"\\\\\" is a backslash and \"\\xNN\" a byte; nothing else "
                           "follows a backslash");
    *ret_path = gb_bytes(room, len);
    return GB_OK;
}

/* What is gathered of a list; it goes when the list is packed. */
struct gathered {
    struct field_file file; /* with an arena of its own */
    struct ref_files_parts parts;
    uint8_t *digests;
    struct gb_bytes *paths;
};

static int gather_init(struct gathered *gathered, size_t count, struct gb_err *err)
{
    struct gb_arena *arena = gathered->file.arena;
    size_t size = digest_size(gathered->parts.alg);
    gathered->digests = gb_arena_alloc_raw(arena, count + 1, size);
    gathered->paths = gb_arena_alloc_raw(arena, count + 1, sizeof *gathered->paths);
    if (!gathered->digests || !gathered->paths)
        return gb_err_nomem(err);
    gathered->parts.digests = gathered->digests;
    gathered->parts.paths = gathered->paths;
    return GB_OK;
}

static int gather(struct gathered *gathered, const struct yaml_node *node, struct gb_err *err)
{
    struct ref_files_parts *parts = &gathered->parts;
    size_t size = digest_size(parts->alg);
    struct gb_bytes path = node->text;
    struct gb_bytes hex = node->kind == YAML_SCALAR ? gb_text_until(&path, ' ') : gb_bytes(NULL, 0);
    if (!gb_hex_decode(hex, gathered->digests + parts->count * size, size))
        return field_wrong(&gathered->file, node->line, err,
                           "a digest must be %zu hex digits, a blank and a path", 2 * size);
    int r = read_path(&gathered->file, node->line, path, &gathered->paths[parts->count], err);
    if (r == GB_OK)
        parts->count++;
    return r;
}

static int read_digests(struct gathered *gathered, const struct yaml_node *list, struct gb_err *err)
{
    int r = gather_init(gathered, list->count, err);
    for (const struct yaml_node *node = list->first; r == GB_OK && node; node = node->next)
        r = gather(gathered, node, err);
    return r;
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

/* One line of sha256sum: digest, two blanks (or a blank and an asterisk), path. */
static int gather_line(struct gathered *gathered, unsigned number, struct gb_bytes line,
                       struct gb_err *err)
{
    struct ref_files_parts *parts = &gathered->parts;
    size_t size = digest_size(parts->alg), hex = 2 * size;
    if (line.len < hex + 2 || line.data[hex] != ' ' ||
        (line.data[hex + 1] != ' ' && line.data[hex + 1] != '*') ||
        !gb_hex_decode(gb_bytes(line.data, hex), gathered->digests + parts->count * size, size))
        return field_wrong(&gathered->file, number, err,
                           "a line of files must be %zu hex digits, two blanks and a path", hex);
    int r = read_path(&gathered->file, number, gb_bytes_from(line, hex + 2),
                      &gathered->paths[parts->count], err);
    if (r == GB_OK)
        parts->count++;
    return r;
}

static size_t count_lines(const struct yaml_node *node)
{
    struct yaml_lines lines;
    struct gb_bytes line;
    size_t count = 0;
    if (node->kind == YAML_LITERAL)
        return node->literal->lines;
    yaml_lines_init(&lines, node);
    while (yaml_lines_next(&lines, &line))
        count++;
    return count;
}

static int read_lines(struct gathered *gathered, const struct yaml_node *node, struct gb_err *err)
{
    struct yaml_lines lines;
    struct gb_bytes line;
    if (node->kind != YAML_SCALAR && node->kind != YAML_LITERAL)
        return field_wrong(&gathered->file, node->key_line, err,
                           "field \"list\" must be lines of text: list: |");
    int r = gather_init(gathered, count_lines(node), err);
    yaml_lines_init(&lines, node);
    lines.line = node->line; /* of "list: |"; its lines follow */
    while (r == GB_OK && yaml_lines_next(&lines, &line))
        r = gather_line(gathered, (unsigned)lines.line, line, err);
    return r;
}

/* Either form, and not both. */
static int read_either(struct gathered *gathered, const struct yaml_node *node, struct gb_err *err)
{
    const struct yaml_node *list = yaml_get(node, "list"), *digests = NULL;
    int r = field_get(&gathered->file, node, "digests", YAML_SEQUENCE, !list, &digests, err);
    if (r < 0)
        return r;
    if (list && digests)
        return field_wrong(&gathered->file, digests->key_line, err,
                           "files are given as \"list\" or as \"digests\", not as both");
    return list ? read_lines(gathered, list, err) : read_digests(gathered, digests, err);
}

/* Reads the list into `gathered`, whose arena goes with it. */
static int read_list(struct gathered *gathered, const struct yaml_node *node, struct gb_err *err)
{
    static const char *const known[] = {"algorithm", "digests", "list"};
    const struct field_file *file = &gathered->file;
    int r = field_mapping(file, node, "a list of files", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = read_algorithm(file, node, &gathered->parts.alg, err);
    return r == GB_OK ? read_either(gathered, node, err) : r;
}

int refval_files_read(const struct field_file *file, const struct yaml_node *node,
                      struct ref_files *ret_files, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    struct gathered gathered = {.file = {.arena = scratch, .name = file->name}};
    if (!scratch)
        return gb_err_nomem(err);
    int r = read_list(&gathered, node, err);
    if (r < 0)
        return r;
    r = ref_files_make(file->arena, &gathered.parts, ret_files, err);
    if (r < 0)
        gb_err_prefix(err, "%.120s:%u: ", file->name, node->line);
    return r;
}

/* What does not print is escaped, so every byte of a line stands for itself in YAML. */
static void write_line(struct gb_buf *out, struct gb_arena *scratch, struct gb_bytes digest,
                       struct gb_bytes path)
{
    char hex[2 * GB_LIMIT_DIGEST + 1];
    const char *shown = gb_text_escape(scratch, path, path.len);
    gb_hex_encode(digest, hex);
    gb_buf_puts(out, "      ");
    gb_buf_puts(out, hex);
    gb_buf_puts(out, "  ");
    gb_buf_puts(out, shown ? shown : "");
    gb_buf_puts(out, "\n");
    out->failed = out->failed || !shown;
    gb_arena_reset(scratch);
}

void refval_files_write(struct gb_buf *out, const char *key, const struct ref_files *files)
{
    if (files->alg == DIGEST_NONE)
        return;
    gb_buf_printf(out, "  %s:\n    algorithm: %s\n    %s\n", key, digest_name(files->alg),
                  files->count == 0 ? "digests: []" : "list: |");
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    gb_cleanup(gb_arena_freep) struct gb_arena *own = gb_arena_new();
    struct ref_files_walk walk;
    if (!scratch || !own || !ref_files_walk_init(&walk, own, files)) {
        out->failed = true;
        return;
    }
    while (gb_buf_ok(out) && ref_files_walk_next(&walk))
        write_line(out, scratch, walk.digest, walk.path);
}
