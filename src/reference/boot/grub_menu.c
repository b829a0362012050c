/* GRUB's menus: grub-core/commands/menuentry.c and normal/menu.c. Assumed is that nobody is there
 * to choose: the default entry boots. */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_run.h"
#include "reference/boot/grub_script.h"
#include "reference/predict_set.h"

/* An option of menuentry and the word that it takes, if it takes one. `ret_skip` words are read. */
static int read_option(struct grub_run *run, const struct grub_line *line, size_t at,
                       struct grub_entry *entry, size_t *ret_skip)
{
    static const char *const known[] = {"--class", "--users", "--hotkey", "--source", "--id"};
    const char *word = line->words[at];
    size_t len = strcspn(word, "=");
    *ret_skip = 1;
    if (strcmp(word, "--unrestricted") == 0)
        return GB_OK;
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++) {
        if (strlen(known[i]) != len || strncmp(word, known[i], len) != 0)
            continue;
        const char *value = word[len] ? word + len + 1 : NULL;
        if (!value && at + 2 < line->count) {
            value = line->words[at + 1];
            *ret_skip = 2;
        }
        if (value && strcmp(known[i], "--id") == 0)
            entry->id = value;
        return value ? GB_OK : grub_refuse(run, word, "needs a value");
    }
    return grub_refuse(run, word, "an option of an entry that is not known here");
}

static int read_entry(struct grub_run *run, const struct grub_line *line, struct grub_entry *entry)
{
    const char **words = gb_arena_new_array(run->build->arena, const char *, line->count);
    size_t skip = 1;
    if (!words)
        return gb_err_nomem(run->err);
    for (size_t i = 1; i + 1 < line->count; i += skip) {
        int r = GB_OK;
        skip = 1;
        if (line->words[i][0] == '-')
            r = read_option(run, line, i, entry, &skip);
        else
            words[entry->args.count++] = line->words[i];
        if (r < 0)
            return r;
    }
    if (entry->args.count == 0 || !line->block)
        return grub_refuse(run, line->words[0], "needs a title and a block");
    entry->args.words = words;
    entry->body = line->block->body;
    if (!entry->id)
        entry->id = words[0];
    return GB_OK;
}

int grub_do_menuentry(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct grub_entry *entry = gb_arena_new_one(run->build->arena, struct grub_entry);
    (void)ret_true;
    if (!entry)
        return gb_err_nomem(run->err);
    *entry =
        (struct grub_entry){.file = run->file, .submenu = strcmp(line->words[0], "submenu") == 0};
    int r = read_entry(run, line, entry);
    if (r < 0)
        return r;
    if (run->menu.last)
        run->menu.last->next = entry;
    else
        run->menu.first = entry;
    run->menu.last = entry;
    return GB_OK;
}

/* Where the part of a default that names an entry of this menu ends: "a>b" is b of submenu a, ">>"
 * stands for ">" itself. */
static size_t first_part(const char *wanted)
{
    size_t i = 0;
    while (wanted[i] && (wanted[i] != '>' || wanted[i + 1] == '>'))
        i += wanted[i] == '>' ? 2 : 1;
    return i;
}

/* Whether a title or id is what a default names. */
static bool is_called(const char *name, const char *wanted, size_t len)
{
    size_t i = 0;
    for (; *name && i < len; name++, i++) {
        if (*name != wanted[i])
            return false;
        i += *name == '>';
    }
    return *name == 0 && i == len;
}

/* By number, id or title; the first where there is no such entry. */
static int find_default(struct grub_run *run, const char *wanted, struct grub_entry **ret_entry)
{
    enum { MOST = 9999 };
    uint64_t index = 0;
    size_t len = first_part(wanted);
    struct grub_entry *entry = run->menu.first;
    *ret_entry = entry;
    if (gb_text_u64(gb_bytes(wanted, len), MOST, &index)) {
        for (; entry && index > 0; index--)
            entry = entry->next;
    } else {
        if (wanted[0] >= '0' && wanted[0] <= '9')
            return grub_refuse(run, wanted, "a default that begins like a number and is none");
        while (entry && !is_called(entry->args.words[0], wanted, len) &&
               !is_called(entry->id, wanted, len))
            entry = entry->next;
    }
    if (entry)
        *ret_entry = entry;
    return GB_OK;
}

/* "$chosen": the ids on the way to an entry, with ">" between. */
static const char *add_chosen(struct grub_run *run, const char *id)
{
    struct gb_arena *arena = run->build->arena;
    const char *text = grub_env_get(&run->env, gb_bytes_str("chosen"));
    text = text[0] ? gb_arena_printf(arena, "%s>", text) : text;
    for (size_t len = 0; text && *id; id += len) {
        len = strcspn(id, ">");
        text = gb_arena_printf(arena, "%s%.*s%s", text, (int)len, id, id[len] ? ">>" : "");
        len += id[len] != 0;
    }
    return text;
}

static int run_entry(struct grub_run *run, const struct grub_entry *entry, const char *rest)
{
    struct grub_line line = {.count = 1, .words = {"setparams"}};
    const char *text = NULL;
    bool held = false;
    for (size_t i = 0; i < entry->args.count; i++)
        line.words[line.count++] = entry->args.words[i];
    int r = grub_join(run, &line, &text);
    if (r == 0)
        r = grub_measure_text(run, GB_LINK_BOOTLOADER, "grub_cmd: ", text);
    if (r < 0)
        return r;
    const char *chosen = add_chosen(run, entry->id);
    if (entry->submenu) {
        grub_env_keep_exported(&run->env);
        run->menu = (struct grub_menu){0};
    }
    if (!chosen || !grub_env_set(&run->env, gb_bytes_str("chosen"), chosen) ||
        !grub_env_export(&run->env, gb_bytes_str("chosen")) ||
        !grub_env_set(&run->env, gb_bytes_str("default"), rest))
        return gb_err_nomem(run->err);
    run->file = entry->file;
    run->args = entry->args;
    r = grub_run_list(run, entry->body, &held);
    if (r == 0 && entry->submenu)
        r = grub_run_menu(run);
    return r;
}

int grub_run_menu(struct grub_run *run)
{
    struct grub_entry *entry = NULL;
    const char *wanted = grub_env_get(&run->env, gb_bytes_str("default"));
    const char *rest = wanted + first_part(wanted);
    if (!run->menu.first || run->has_kernel || run->boots)
        return GB_OK;
    if (++run->depth > GB_LIMIT_GRUB_DEPTH)
        return grub_refuse(run, "submenu", "menus nested too deeply");
    int r = find_default(run, wanted, &entry);
    if (r == 0)
        r = run_entry(run, entry, rest[0] ? rest + 1 : rest);
    run->depth--;
    return r;
}

/* Another configuration with a menu of its own, from which nobody comes back. */
int grub_do_configfile(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    if (line->count != 2)
        return grub_refuse(run, line->words[0], "needs one file");
    grub_env_keep_exported(&run->env);
    run->menu = (struct grub_menu){0};
    int r = grub_run_file(run, line->words[1], ret_true);
    if (r == 0)
        r = grub_run_menu(run);
    if (r == 0 && !run->has_kernel)
        return grub_refuse(run, line->words[1], "nothing is booted by this file");
    return r;
}
