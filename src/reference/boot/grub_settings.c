/* GRUB's settings: variables that do something when they change, the environment block (loadenv.c),
 * fonts (font/font.c), translations (gettext/gettext.c). */
#include <string.h>

#include "base/text.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_memdisk.h"
#include "reference/boot/grub_run.h"
#include "reference/predict_set.h"

static const char *get(const struct grub_run *run, const char *name)
{
    return grub_env_get(&run->env, gb_bytes_str(name));
}

/* --- translations --------------------------------------------------------------------------- */

/* "de.mo", or the same compressed. */
static int read_catalog(struct grub_run *run, const char *folder, size_t len, bool *ret_found)
{
    static const char *const endings[] = {"mo", "mo.gz"};
    const char *language = get(run, "lang");
    for (size_t i = 0; i < GB_ARRAY_LEN(endings); i++) {
        struct gb_bytes file = {0};
        const char *path = gb_arena_printf(run->build->arena, "%s/%.*s.%s", folder, (int)len,
                                           language, endings[i]);
        int r = path ? grub_find(run, path, &file) : gb_err_nomem(run->err);
        *ret_found = r == 0 && file.data;
        if (r < 0 || file.data)
            return r < 0 ? r : grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
    }
    return GB_OK;
}

/* For "de_DE" its own, else that of "de". */
static int read_translations(struct grub_run *run)
{
    bool found = false;
    const char *language = get(run, "lang");
    const char *folder = get(run, "locale_dir");
    if (language[0] == 0 || !grub_has_module(run, "gettext"))
        return GB_OK;
    if (folder[0] == 0)
        folder = gb_arena_printf(run->build->arena, "%s/locale", get(run, "prefix"));
    if (!folder)
        return gb_err_nomem(run->err);
    size_t short_len = strcspn(language, "_");
    int r = read_catalog(run, folder, strlen(language), &found);
    if (r == 0 && !found && language[short_len])
        r = read_catalog(run, folder, short_len, &found);
    return r;
}

/* --- variables ------------------------------------------------------------------------------ */

static int new_prefix(struct grub_run *run)
{
    int r = grub_read_lists(run, get(run, "prefix"));
    return r < 0 ? r : read_translations(run);
}

static int never(struct grub_run *run)
{
    return grub_refuse(run, "set", "what GRUB reads for this variable is not known here");
}

int grub_assign(struct grub_run *run, struct gb_bytes name, const char *value)
{
    static const struct {
        const char *name;
        int (*change)(struct grub_run *run);
    } hooks[] = {
        {"prefix", new_prefix},
        {"lang", read_translations},
        {"locale_dir", read_translations},
        {"secondary_locale_dir", never},
        {"theme", never},
    };
    if (!grub_env_set(&run->env, name, value))
        return gb_err_nomem(run->err);
    for (size_t i = 0; i < GB_ARRAY_LEN(hooks); i++)
        if (gb_bytes_is(name, hooks[i].name))
            return hooks[i].change(run);
    return GB_OK;
}

/* --- the environment block ------------------------------------------------------------------ */

static bool is_wanted(const struct grub_line *line, struct gb_bytes name)
{
    for (size_t i = 1; i < line->count; i++)
        if (gb_bytes_is(name, line->words[i]))
            return true;
    return line->count == 1;
}

/* NAME=VALUE; false for a line that is none. */
static bool read_setting(struct gb_bytes text, struct gb_bytes *ret_name,
                         struct gb_bytes *ret_value)
{
    if (text.len == 0 || text.data[0] == '#' || !memchr(text.data, '=', text.len))
        return false;
    *ret_value = text;
    *ret_name = gb_text_until(ret_value, '=');
    return true;
}

static int load_settings(struct grub_run *run, const struct grub_line *line, struct gb_bytes file)
{
    struct gb_bytes text;
    struct gb_bytes name;
    struct gb_bytes value;
    struct gb_lines lines;
    int r = GB_OK;
    gb_lines_init(&lines, file);
    while (r == 0 && gb_lines_next(&lines, &text)) {
        if (!read_setting(text, &name, &value) || !is_wanted(line, name))
            continue;
        if (memchr(text.data, '\\', text.len))
            return grub_refuse(run, "load_env", "escaped values are not evaluated here");
        struct gb_bytes kept = gb_arena_copy(run->build->arena, value);
        r = kept.data ? grub_assign(run, name, (const char *)kept.data) : gb_err_nomem(run->err);
    }
    return r;
}

static int find_block(struct grub_run *run, const struct grub_line *line, const char **ret_path,
                      struct gb_bytes *ret_file)
{
    for (size_t i = 1; i < line->count; i++)
        if (line->words[i][0] == '-')
            return grub_refuse(run, line->words[i],
                               "of load_env and save_env, options are not evaluated here");
    *ret_path = gb_arena_printf(run->build->arena, "%s/grubenv", get(run, "prefix"));
    return *ret_path ? grub_find(run, *ret_path, ret_file) : gb_err_nomem(run->err);
}

/* "# GRUB Environment Block", then NAME=VALUE lines, filled up with #. */
int grub_do_load_env(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct gb_bytes file = {0};
    const char *path = NULL;
    int r = find_block(run, line, &path, &file);
    *ret_true = r == 0 && file.data;
    if (r < 0 || !file.data)
        return r;
    if (run->saved)
        return grub_refuse(run, "load_env", "behind a save_env the file is another one");
    r = grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
    return r < 0 ? r : load_settings(run, line, file);
}

/* Not measured: GRUB opens the block to write it. The next boot finds what was written. */
int grub_do_save_env(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct gb_bytes file = {0};
    const char *path = NULL;
    if (line->count < 2)
        return grub_refuse(run, "save_env", "needs a variable");
    run->saved = true;
    run->unsure = true;
    (void)ret_true;
    return find_block(run, line, &path, &file);
}

/* --- fonts ---------------------------------------------------------------------------------- */

static int load_font(struct grub_run *run, const char *name, bool *ret_true)
{
    struct gb_arena *arena = run->build->arena;
    struct gb_bytes file = {0};
    bool by_path = name[0] == '(' || name[0] == '/';
    const char *own = gb_arena_printf(arena, "%s.pf2", name);
    const char *path =
        by_path ? name : gb_arena_printf(arena, "%s/fonts/%s.pf2", get(run, "prefix"), name);
    if (!own || !path)
        return gb_err_nomem(run->err);
    if (!by_path && grub_memdisk_find(run->start->image->memdisk, "fonts", own, &file))
        return GB_OK; /* the image's own: not measured once more */
    int r = grub_find(run, path, &file);
    *ret_true = r == 0 && file.data;
    if (r < 0 || !file.data)
        return r;
    if (run->start->secure_boot)
        return grub_refuse(
            run, path, "under Secure Boot, a font that is not the image's own is not predicted");
    if (!gb_bytes_starts(file, gb_bytes("FILE\0\0\0\4PFF2", 12)))
        return grub_refuse(run, path, "not a font of GRUB");
    return grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
}

int grub_do_loadfont(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    int r = GB_OK;
    *ret_true = true;
    for (size_t i = 1; r == 0 && *ret_true && i < line->count; i++)
        r = load_font(run, line->words[i], ret_true);
    return r;
}
