#include "reference/boot/loader_entry.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

/* "key value": false at the end, comments and empty lines left out. */
static bool next(struct gb_lines *lines, struct gb_bytes *ret_key, struct gb_bytes *ret_value)
{
    struct gb_bytes line;
    while (gb_lines_next(lines, &line)) {
        line = gb_text_trim(line);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        *ret_key = gb_text_word(&line);
        *ret_value = gb_text_trim(line);
        return true;
    }
    return false;
}

static int keep(struct gb_arena *arena, struct gb_bytes in, const char **ret, struct gb_err *err)
{
    struct gb_bytes kept = gb_arena_copy(arena, in);
    if (!kept.data)
        return gb_err_nomem(err);
    *ret = (const char *)kept.data;
    return GB_OK;
}

static int check(struct gb_bytes in, struct gb_err *err)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.data[i] == 0 || in.data[i] > 0x7e)
            return gb_err_at(err, GB_ERR_CONFIG, i, "a byte that is not ASCII text");
    if (in.len > GB_LIMIT_LOADER_ENTRY)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d bytes", GB_LIMIT_LOADER_ENTRY);
    return GB_OK;
}

static int add_path(struct gb_arena *arena, const char *key, struct gb_bytes value,
                    const char **path, struct gb_err *err)
{
    if (*path)
        return gb_err_set(err, GB_ERR_CONFIG, "a second %s, which is not predicted", key);
    if (value.len == 0 || value.data[0] != '/')
        return gb_err_set(err, GB_ERR_CONFIG, "%s needs a path from the root of its volume", key);
    return keep(arena, value, path, err);
}

static int add_options(struct gb_arena *arena, struct gb_bytes value, struct loader_entry *entry,
                       struct gb_err *err)
{
    const char *more = NULL;
    int r = keep(arena, value, &more, err);
    if (r == 0 && entry->options[0])
        more = gb_arena_printf(arena, "%s %s", entry->options, more);
    if (r == 0 && !more)
        return gb_err_nomem(err);
    if (r == 0)
        entry->options = more;
    return r;
}

static int add(struct gb_arena *arena, struct gb_bytes key, struct gb_bytes value,
               struct loader_entry *entry, struct gb_err *err)
{
    static const char *const silent[] = {"title",    "version",      "machine-id",
                                         "sort-key", "architecture", "grub_class"};
    if (gb_bytes_is(key, "linux"))
        return add_path(arena, "linux", value, &entry->kernel, err);
    if (gb_bytes_is(key, "initrd"))
        return add_path(arena, "initrd", value, &entry->initrd, err);
    if (gb_bytes_is(key, "options"))
        return add_options(arena, value, entry, err);
    for (size_t i = 0; i < GB_ARRAY_LEN(silent); i++)
        if (gb_bytes_is(key, silent[i]))
            return GB_OK;
    return gb_err_set(err, GB_ERR_CONFIG,
                      "a key that is not predicted (known are linux, initrd, "
                      "options and those that change nothing)");
}

int loader_entry_read(struct gb_arena *arena, struct gb_bytes in, struct loader_entry *ret_entry,
                      struct gb_err *err)
{
    struct loader_entry entry = {.options = ""};
    struct gb_lines lines;
    struct gb_bytes key;
    struct gb_bytes value;
    int r = check(in, err);
    gb_lines_init(&lines, in);
    while (r == 0 && next(&lines, &key, &value)) {
        r = add(arena, key, value, &entry, err);
        if (r < 0)
            gb_err_prefix(err, "line %zu: ", lines.line);
    }
    if (r < 0)
        return r;
    if (!entry.kernel)
        return gb_err_set(err, GB_ERR_CONFIG, "names no kernel (linux)");
    *ret_entry = entry;
    return GB_OK;
}

int loader_default_read(struct gb_arena *arena, struct gb_bytes in, const char **ret_name,
                        struct gb_err *err)
{
    struct gb_lines lines;
    struct gb_bytes key;
    struct gb_bytes value;
    struct gb_bytes found = {0};
    int r = check(in, err);
    if (r < 0)
        return r;
    gb_lines_init(&lines, in);
    while (next(&lines, &key, &value))
        if (gb_bytes_is(key, "default"))
            found = value;
    for (size_t i = 0; i < found.len; i++)
        if (strchr("*?[@/", found.data[i]))
            found.len = 0;
    if (found.len == 0)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "names no default entry by its file's name; say which with --entry");
    return keep(arena, found, ret_name, err);
}
