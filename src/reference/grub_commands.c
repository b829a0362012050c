#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "evidence/eventlog.h"
#include "reference/boot_files.h"
#include "reference/grub_env.h"
#include "reference/grub_run.h"
#include "reference/grub_test.h"
#include "reference/pe.h"
#include "reference/predict_set.h"

static int set_variable(struct grub_run *run, const char *assignment)
{
    struct gb_bytes rest = gb_bytes_str(assignment);
    struct gb_bytes name = gb_text_until(&rest, '=');
    struct gb_bytes value = gb_arena_copy(run->build->arena, rest);
    if (!value.data || !grub_env_set(&run->env, name, (const char *)value.data))
        return gb_err_nomem(run->err);
    return GB_OK;
}

/* Where a command is told another place for modules, GRUB looks there for its lists at once. Under
 * Secure Boot Debian's GRUB loads no modules but those inside it, and still reads the lists. */
static int read_lists(struct grub_run *run)
{
    static const char *const lists[] = {"command.lst", "fs.lst", "crypto.lst", "terminal.lst"};
    const char *prefix = grub_env_get(&run->env, gb_bytes_str("prefix"));
    for (size_t i = 0; i < GB_ARRAY_LEN(lists); i++) {
        struct gb_bytes file = {0};
        const char *path = gb_arena_printf(run->build->arena, "%s/x86_64-efi/%s", prefix, lists[i]);
        int r = path ? grub_find(run, path, &file) : gb_err_nomem(run->err);
        if (r == 0 && file.data)
            r = grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

static int do_set(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)ret_true;
    if (line->count != 2 || !strchr(line->words[1], '='))
        return grub_refuse(run, "set", "not an assignment");
    int r = set_variable(run, line->words[1]);
    if (r == 0 && strncmp(line->words[1], "prefix=", strlen("prefix=")) == 0)
        r = read_lists(run);
    return r;
}

static int do_unset(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)ret_true;
    for (size_t i = 1; i < line->count; i++)
        grub_env_unset(&run->env, gb_bytes_str(line->words[i]));
    return GB_OK;
}

static int do_export(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)ret_true;
    for (size_t i = 1; i < line->count; i++)
        if (!grub_env_export(&run->env, gb_bytes_str(line->words[i])))
            return gb_err_nomem(run->err);
    return GB_OK;
}

static int do_nothing(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)run;
    (void)line;
    (void)ret_true;
    return GB_OK;
}

static int do_false(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)run;
    (void)line;
    *ret_true = false;
    return GB_OK;
}

/* What the image has not inside comes from $prefix, unless Secure Boot forbids it: then nothing is
 * read. */
static int do_insmod(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    if (line->count != 2)
        return grub_refuse(run, "insmod", "needs one module");
    if (!run->start->secure_boot)
        return grub_refuse(run, line->words[1],
                           "without Secure Boot, what this reads of modules is not known here");
    (void)ret_true;
    return GB_OK;
}

/* Finds a file system by its UUID: a question to file systems, which measures nothing. */
static int do_search(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    const char *variable = "root";
    const char *uuid = NULL;
    bool by_uuid = strcmp(line->words[0], "search.fs_uuid") == 0;
    for (size_t i = 1; i < line->count; i++) {
        const char *word = line->words[i];
        if (strcmp(word, "--fs-uuid") == 0 || strcmp(word, "-u") == 0)
            by_uuid = true;
        else if (strncmp(word, "--set=", strlen("--set=")) == 0)
            variable = word + strlen("--set=");
        else if (word[0] == '-' && strcmp(word, "--no-floppy") != 0 && strcmp(word, "--set") != 0 &&
                 strncmp(word, "--hint", strlen("--hint")) != 0)
            return grub_refuse(run, word, "of search, only --fs-uuid is evaluated here");
        else if (word[0] != '-' && !uuid)
            uuid = word;
        else if (word[0] != '-' && i == 2)
            variable = word; /* search.fs_uuid UUID VARIABLE [HINT...] */
    }
    if (!by_uuid || !uuid)
        return grub_refuse(run, line->words[0], "only a search by --fs-uuid is evaluated here");
    const struct boot_files *files = run->start->files;
    for (size_t i = 0; i < files->count; i++)
        if (files->volumes[i].uuid && strcmp(files->volumes[i].uuid, uuid) == 0) {
            *ret_true = true;
            return grub_env_set(&run->env, gb_bytes_str(variable), files->volumes[i].device)
                       ? GB_OK
                       : gb_err_nomem(run->err);
        }
    return grub_refuse(run, uuid, "a file system of which no files are given (see --volume)");
}

static int do_source(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    if (line->count != 2)
        return grub_refuse(run, line->words[0], "needs one file");
    return grub_run_file(run, line->words[1], ret_true);
}

/* Another configuration with a menu of its own, from which nobody comes back. */
static int do_configfile(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    if (line->count != 2)
        return grub_refuse(run, line->words[0], "needs one file");
    grub_env_keep_exported(&run->env);
    run->entries = NULL;
    run->entries_tail = &run->entries;
    int r = grub_run_file(run, line->words[1], ret_true);
    if (r == 0)
        r = grub_run_menu(run);
    if (r == 0 && !run->has_kernel)
        return grub_refuse(run, line->words[1], "nothing is booted by this file");
    return r;
}

static int do_menuentry(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct grub_entry *entry = gb_arena_new_one(run->build->arena, struct grub_entry);
    if (!entry)
        return gb_err_nomem(run->err);
    *entry = (struct grub_entry){.id = "", .file = run->file};
    for (size_t i = 1; i + 1 < line->count; i++) {
        const char *word = line->words[i];
        const char *equals = strchr(word, '=');
        bool option = strncmp(word, "--", 2) == 0;
        if (strncmp(word, "--id=", strlen("--id=")) == 0)
            entry->id = equals + 1;
        else if (strcmp(word, "--id") == 0 && i + 2 < line->count)
            entry->id = line->words[++i];
        else if (option && !equals)
            i++;
        else if (!option && !entry->title)
            entry->title = word;
        else if (!option)
            return grub_refuse(run, word, "an entry's arguments are not evaluated here");
    }
    if (!entry->title || !line->block)
        return grub_refuse(run, line->words[0], "needs a title and a block");
    if (strcmp(line->words[0], "menuentry") == 0)
        entry->body = line->block->body;
    *run->entries_tail = entry;
    run->entries_tail = &entry->next;
    (void)ret_true;
    return GB_OK;
}

/* An environment block: "# GRUB Environment Block", then NAME=VALUE lines, filled up with #. */
static int do_load_env(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct gb_bytes file = {0};
    struct gb_bytes text;
    struct gb_lines lines;
    if (line->count != 1)
        return grub_refuse(run, line->words[1], "load_env with arguments is not evaluated here");
    const char *path = gb_arena_printf(run->build->arena, "%s/grubenv",
                                       grub_env_get(&run->env, gb_bytes_str("prefix")));
    int r = path ? grub_find(run, path, &file) : gb_err_nomem(run->err);
    *ret_true = r == 0 && file.data;
    if (r < 0 || !file.data)
        return r;
    r = grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
    gb_lines_init(&lines, file);
    while (r == 0 && gb_lines_next(&lines, &text)) {
        struct gb_bytes value = text;
        struct gb_bytes name = gb_text_until(&value, '=');
        if (text.len == 0 || text.data[0] == '#' || name.len == text.len)
            continue;
        if (memchr(text.data, '\\', text.len))
            return grub_refuse(run, "load_env", "escaped values are not evaluated here");
        struct gb_bytes kept = gb_arena_copy(run->build->arena, value);
        if (!kept.data || !grub_env_set(&run->env, name, (const char *)kept.data))
            r = gb_err_nomem(run->err);
    }
    return r;
}

/* GRUB quotes what it hands to a loader; words that need no quotes are handed on as they are. */
static int loader_line(struct grub_run *run, const struct grub_line *line, const char **ret_text)
{
    const char *text = line->words[1];
    for (size_t i = 1; i < line->count; i++) {
        if (strpbrk(line->words[i], " '\"\\") || line->words[i][0] == 0)
            return grub_refuse(run, line->words[i], "a word with blanks or quotes for the kernel");
        if (i > 1)
            text = gb_arena_printf(run->build->arena, "%s %s", text, line->words[i]);
        if (!text)
            return gb_err_nomem(run->err);
    }
    *ret_text = text;
    return GB_OK;
}

/* GRUB has shim verify the kernel, and verifies it once more when it loads it; shim measures both.
 */
static int measure_kernel(struct grub_run *run, const char *path, struct gb_bytes file)
{
    struct pe_image image;
    struct predict_event event = {
        .link = GB_LINK_KERNEL, .pcr = 4, .type = EV_EFI_BOOT_SERVICES_APPLICATION, .about = path};
    int r = pe_read(run->build->arena, file, &image, run->err);
    for (int i = 0; r == 0 && i < 2; i++)
        r = predict_set_image(run->build, &event, &image, run->err);
    if (r < 0)
        gb_err_prefix(run->err, "%s: ", path);
    return r;
}

static int do_linux(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct gb_bytes file = {0};
    const char *text = NULL;
    if (line->count < 2)
        return grub_refuse(run, line->words[0], "needs a kernel");
    if (run->has_kernel)
        return grub_refuse(run, line->words[0], "a second kernel");
    if (!run->start->secure_boot)
        return grub_refuse(run, line->words[0],
                           "without Secure Boot GRUB starts a kernel in another way, which is not "
                           "predicted; capture a boot of it instead");
    int r = grub_find(run, line->words[1], &file);
    if (r == 0 && !file.data)
        r = grub_refuse(run, line->words[1], "there is no such file");
    if (r == 0)
        r = loader_line(run, line, &text);
    if (r == 0)
        r = grub_measure_file(run, GB_LINK_KERNEL, line->words[1], file);
    if (r == 0)
        r = measure_kernel(run, line->words[1], file);
    if (r == 0)
        r = grub_measure_text(run, GB_LINK_CMDLINE, "kernel_cmdline: ", text);
    run->has_kernel = true;
    (void)ret_true;
    return r;
}

static int do_initrd(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)ret_true;
    if (!run->has_kernel)
        return grub_refuse(run, line->words[0], "no kernel is loaded yet");
    for (size_t i = 1; i < line->count; i++) {
        struct gb_bytes file = {0};
        int r = grub_find(run, line->words[i], &file);
        if (r == 0 && !file.data)
            r = grub_refuse(run, line->words[i], "there is no such file");
        if (r == 0)
            r = grub_measure_file(run, GB_LINK_INITRD, line->words[i], file);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

static int do_test(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    return grub_test(run, line, ret_true);
}

static const struct command {
    const char *name;
    int (*run)(struct grub_run *run, const struct grub_line *line, bool *ret_true);
} commands[] = {
    {"[", do_test},
    {"test", do_test},
    {"set", do_set},
    {"unset", do_unset},
    {"export", do_export},
    {"true", do_nothing},
    {"echo", do_nothing},
    {"terminal_input", do_nothing},
    {"terminal_output", do_nothing},
    {"serial", do_nothing},
    {"false", do_false},
    {"insmod", do_insmod},
    {"search", do_search},
    {"search.fs_uuid", do_search},
    {"source", do_source},
    {".", do_source},
    {"configfile", do_configfile},
    {"menuentry", do_menuentry},
    {"submenu", do_menuentry},
    {"load_env", do_load_env},
    {"linux", do_linux},
    {"linuxefi", do_linux},
    {"initrd", do_initrd},
    {"initrdefi", do_initrd},
};

int grub_command(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    const char *name = line->words[0];
    for (size_t i = 0; i < GB_ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0) {
            *ret_true = true;
            return commands[i].run(run, line, ret_true);
        }
    if (strchr(name, '=') && line->count == 1) {
        *ret_true = true;
        return set_variable(run, name);
    }
    return grub_refuse(run, name, "what this command does or measures is not known here");
}
