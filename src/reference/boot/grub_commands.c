#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_run.h"
#include "reference/boot/grub_test.h"
#include "reference/predict_set.h"

static int set_variable(struct grub_run *run, const char *assignment)
{
    struct gb_bytes rest = gb_bytes_str(assignment);
    struct gb_bytes name = gb_text_until(&rest, '=');
    struct gb_bytes value = gb_arena_copy(run->build->arena, rest);
    return value.data ? grub_assign(run, name, (const char *)value.data) : gb_err_nomem(run->err);
}

static int do_set(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)ret_true;
    if (line->count != 2 || !strchr(line->words[1], '='))
        return grub_refuse(run, "set", "not an assignment");
    return set_variable(run, line->words[1]);
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

/* What the screen and the lines say to it is the machine's affair; nothing is measured. */
static int do_terminal(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)line;
    (void)ret_true;
    run->unsure = true;
    return GB_OK;
}

static int do_boot(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)ret_true;
    if (!run->has_kernel)
        return grub_refuse(run, line->words[0], "no kernel is loaded yet");
    run->boots = true;
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

/* Commands that end GRUB or ask the machine, and why nothing can be told of them. */
static const struct {
    const char *name;
    const char *why;
} never[] = {
    {"background_image", "whether the picture is read depends on the screen"},
    {"chainloader", "what another loader measures is not told by these files"},
    {"fwsetup", "this starts the firmware's settings, no system"},
    {"halt", "this switches the machine off"},
    {"hwmatch", "its outcome depends on the machine's devices"},
    {"keystatus", "its outcome depends on who presses keys"},
    {"reboot", "this restarts the machine"},
    {"sleep", "its outcome depends on who presses keys"},
    {"smbios", "its outcome depends on the machine's firmware"},
};

static int do_test(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    return grub_test(run, line, ret_true);
}

static const struct command {
    const char *name;
    grub_do *run;
} commands[] = {
    {"[", do_test},
    {"test", do_test},
    {"set", do_set},
    {"unset", do_unset},
    {"export", do_export},
    {"true", do_nothing},
    {"echo", do_nothing},
    {"terminal_input", do_terminal},
    {"terminal_output", do_terminal},
    {"serial", do_terminal},
    {"play", do_terminal},
    {"clear", do_nothing},
    {"false", do_false},
    {"boot", do_boot},
    {"insmod", grub_do_insmod},
    {"loadfont", grub_do_loadfont},
    {"search", do_search},
    {"search.fs_uuid", do_search},
    {"source", do_source},
    {".", do_source},
    {"configfile", grub_do_configfile},
    {"menuentry", grub_do_menuentry},
    {"submenu", grub_do_menuentry},
    {"load_env", grub_do_load_env},
    {"save_env", grub_do_save_env},
    {"linux", grub_do_linux},
    {"linuxefi", grub_do_linux},
    {"initrd", grub_do_initrd},
    {"initrdefi", grub_do_initrd},
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
    for (size_t i = 0; i < GB_ARRAY_LEN(never); i++)
        if (strcmp(never[i].name, name) == 0)
            return grub_refuse(run, name, never[i].why);
    return grub_refuse(run, name, "what this command does or measures is not known here");
}
