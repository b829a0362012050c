#include "cli/documents/apply_files.h"

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "os/file.h"
#include "policy/documents/sign.h"
#include "wire/yaml.h"

static size_t count_lines(struct gb_bytes in)
{
    size_t count = 0;
    for (size_t i = 0; i < in.len; i++)
        count += in.data[i] == '\n';
    return count;
}

int apply_files_join(struct apply_files *files, struct gb_err *err)
{
    size_t next_line = 1;
    gb_buf_done(&files->body);
    gb_buf_init(&files->body, GB_LIMIT_POLICY);
    for (size_t i = 0; i < files->count; i++) {
        struct gb_bytes text = files->items[i].text;
        bool cut = text.len > 0 && text.data[text.len - 1] != '\n';
        gb_buf_puts(&files->body, "---\n");
        gb_buf_add(&files->body, text.data, text.len);
        if (cut)
            gb_buf_puts(&files->body, "\n");
        files->items[i].first_line = next_line + 1;
        next_line += 1 + count_lines(text) + cut;
    }
    if (!gb_buf_ok(&files->body))
        return gb_err_set(err, GB_ERR_LIMIT, "out of memory, or more than %d MB in all",
                          GB_LIMIT_POLICY >> 20);
    return GB_OK;
}

int apply_files_read(struct gb_arena *arena, const struct cmd_line *line, struct apply_files *files,
                     struct gb_err *err)
{
    size_t at = 0;
    *files = (struct apply_files){0};
    gb_buf_init(&files->body, GB_LIMIT_POLICY);
    for (const char *path; (path = cmd_next(line, "filename", &at));) {
        struct apply_file *file = &files->items[files->count++];
        file->name = path;
        int r = file_read(arena, path, GB_LIMIT_POLICY, &file->text, err);
        if (r < 0)
            return r;
    }
    return apply_files_join(files, err);
}

void apply_files_done(struct apply_files *files)
{
    gb_buf_done(&files->body);
}

/* "WHERE:NUMBER" at the beginning of a message. */
struct place {
    struct gb_bytes kind; /* both empty: only `index` is known */
    struct gb_bytes name;
    size_t index; /* of the document, from 1; 0: known by kind and name */
    size_t line;  /* of the document, from 1; its "---" counts */
    const char *after;
};

static bool read_place(const char *message, struct place *ret_place)
{
    static const char unnamed[] = "document ";
    struct place place = {0};
    struct gb_bytes rest = gb_bytes_str(message);
    uint64_t number = 0;
    if (gb_bytes_starts(rest, gb_bytes_str(unnamed))) {
        rest = gb_bytes_from(rest, sizeof unnamed - 1);
        if (!gb_text_u64(gb_text_until(&rest, ':'), GB_LIMIT_SETS, &number))
            return false;
        place.index = (size_t)number;
        (void)gb_text_until(&rest, ':');
    } else {
        struct gb_bytes where = gb_text_until(&rest, ':');
        place.kind = gb_text_until(&where, '/');
        place.name = where;
    }
    if (!gb_text_u64(gb_text_until(&rest, ':'), GB_LIMIT_POLICY, &number) || number == 0)
        return false;
    place.line = (size_t)number;
    place.after = rest.len > 0 ? (const char *)rest.data : "";
    *ret_place = place;
    return place.index > 0 || (place.kind.len > 0 && place.name.len > 0);
}

/* A line that begins with "---" and a blank or its end starts a document, as at the server. */
static bool is_start(struct gb_bytes line)
{
    return gb_bytes_starts(line, gb_bytes_str("---")) &&
           (line.len == 3 || line.data[3] == ' ' || line.data[3] == '\t');
}

static bool is(const struct yaml_node *node, struct gb_bytes text)
{
    return node && node->kind == YAML_SCALAR && gb_bytes_equal(node->text, text);
}

/* False for a piece without content, which the server does not count. */
static bool read_piece(struct gb_arena *arena, struct gb_bytes piece, const struct place *place,
                       bool *ret_named)
{
    struct yaml_node *docs = NULL;
    *ret_named = false;
    if (yaml_read(arena, piece, "document", &docs, NULL) < 0)
        return true; /* broken, which may be what is told */
    const struct yaml_node *document = docs->first;
    if (!document || (document->kind == YAML_SCALAR && document->text.len == 0))
        return false;
    const struct yaml_node *metadata =
        document->kind == YAML_MAPPING ? yaml_get(document, "metadata") : NULL;
    *ret_named = metadata && metadata->kind == YAML_MAPPING &&
                 is(yaml_get(document, "kind"), place->kind) &&
                 is(yaml_get(metadata, "name"), place->name);
    return true;
}

/* The line of the body at which the place's document begins; 0 when it is not found. */
static size_t find_document(struct gb_arena *arena, struct gb_bytes body, const struct place *place)
{
    struct gb_lines lines;
    struct gb_bytes line;
    size_t index = 0;
    gb_lines_init(&lines, body);
    bool more = gb_lines_next(&lines, &line);
    while (more) {
        const size_t start = lines.line;
        const uint8_t *from = line.data;
        bool named;
        while ((more = gb_lines_next(&lines, &line)) && !is_start(line))
            ;
        const uint8_t *end = more ? line.data : body.data + body.len;
        index += read_piece(arena, gb_bytes(from, (size_t)(end - from)), place, &named);
        if (place->index > 0 ? index == place->index : named)
            return start;
    }
    return 0;
}

/* A line of the text that was sent, as the file counts: for a line that the file does not have, the
 * one before it. */
static size_t line_in_file(const struct apply_file *file, size_t line)
{
    for (size_t i = 0; i < file->inserted_count; i++) {
        const struct sign_inserted *inserted = &file->inserted[i];
        if (line >= inserted->before + inserted->count)
            line -= inserted->count;
        else if (line >= inserted->before)
            line = inserted->before - 1;
    }
    return line;
}

const char *apply_files_locate(struct gb_arena *arena, const struct apply_files *files,
                               const char *message)
{
    struct place place;
    if (!read_place(message, &place))
        return message;
    size_t start = find_document(arena, gb_buf_bytes(&files->body), &place);
    size_t line = start + place.line - 1;
    size_t i = files->count;
    while (i > 0 && files->items[i - 1].first_line > line)
        i--;
    if (start == 0 || i == 0)
        return message;
    const struct apply_file *file = &files->items[i - 1];
    const char *name = gb_text_escape(arena, gb_bytes_str(file->name), 200);
    const char *found =
        name ? gb_arena_printf(arena, "%s:%zu:%s", name,
                               line_in_file(file, line - file->first_line + 1), place.after)
             : NULL;
    return found ? found : message;
}
