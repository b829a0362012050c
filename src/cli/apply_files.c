#include "cli/apply_files.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "os/file.h"

static size_t count_lines(struct gb_bytes in)
{
    size_t count = 0;
    for (size_t i = 0; i < in.len; i++)
        count += in.data[i] == '\n';
    return count;
}

int apply_files_read(struct gb_arena *arena, const struct cmd_line *line, struct apply_files *files,
                     struct gb_err *err)
{
    *files = (struct apply_files){0};
    gb_buf_init(&files->body, GB_LIMIT_POLICY);
    size_t next_line = 1;
    size_t at = 0;
    for (const char *path; (path = cmd_next(line, "filename", &at));) {
        struct gb_bytes text;
        int r = file_read(arena, path, GB_LIMIT_POLICY, &text, err);
        if (r < 0)
            return r;
        gb_buf_puts(&files->body, "---\n");
        gb_buf_add(&files->body, text.data, text.len);
        bool cut = text.len > 0 && text.data[text.len - 1] != '\n';
        if (cut)
            gb_buf_puts(&files->body, "\n");
        files->names[files->count] = path;
        files->first_line[files->count++] = next_line + 1;
        next_line += 1 + count_lines(text) + cut;
    }
    if (!gb_buf_ok(&files->body))
        return gb_err_set(err, GB_ERR_LIMIT, "out of memory, or more than %d MB in all",
                          GB_LIMIT_POLICY >> 20);
    return GB_OK;
}

void apply_files_done(struct apply_files *files)
{
    gb_buf_done(&files->body);
}

/* The first ":NUMBER" that a colon or the end follows; NULL when there is none. */
static const char *find_line(const char *message, size_t *ret_line, const char **ret_after)
{
    for (const char *colon = strchr(message, ':'); colon; colon = strchr(colon + 1, ':')) {
        size_t digits = strspn(colon + 1, "0123456789");
        const char *after = colon + 1 + digits;
        if (digits == 0 || digits > 9 || (*after != ':' && *after != 0))
            continue;
        size_t number = 0;
        for (const char *c = colon + 1; c < after; c++)
            number = number * 10 + (size_t)(*c - '0');
        *ret_line = number;
        *ret_after = after;
        return colon;
    }
    return NULL;
}

const char *apply_files_locate(struct gb_arena *arena, const struct apply_files *files,
                               const char *message)
{
    size_t line = 0;
    const char *after = NULL;
    if (!find_line(message, &line, &after))
        return message;
    size_t i = files->count;
    while (i > 0 && files->first_line[i - 1] > line)
        i--;
    if (i == 0)
        return message;
    const char *name = gb_text_escape(arena, gb_bytes_str(files->names[i - 1]), 200);
    const char *found =
        name ? gb_arena_printf(arena, "%s:%zu%s", name, line - files->first_line[i - 1] + 1, after)
             : NULL;
    return found ? found : message;
}
