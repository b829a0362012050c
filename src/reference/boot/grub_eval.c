#include "reference/boot/grub_eval.h"

#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/finding.h"
#include "base/limits.h"
#include "base/text.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_run.h"
#include "reference/boot/grub_script.h"
#include "reference/predict_set.h"

static int run_command(struct grub_run *run, const struct grub_node *node, bool *ret_true);

int grub_refuse(struct grub_run *run, const char *word, const char *what)
{
    enum { MOST = 60 };
    char *shown = gb_text_escape(run->build->arena, gb_bytes_str(word), MOST);
    if (!shown)
        return gb_err_nomem(run->err);
    return gb_err_set(run->err, GB_ERR_CONFIG, "%s:%zu: \"%s\": %s", run->file, run->line, shown,
                      what);
}

static int set(struct grub_run *run, const char *name, const char *value)
{
    return value && grub_env_set(&run->env, gb_bytes_str(name), value) &&
                   grub_env_export(&run->env, gb_bytes_str(name))
               ? GB_OK
               : gb_err_nomem(run->err);
}

/* Scripts find out where they lie: "(hd1)/boot/grub". */
static int tell_where(struct grub_run *run, const char *path)
{
    struct gb_arena *arena = run->build->arena;
    const char *root = grub_env_get(&run->env, gb_bytes_str("root"));
    const char *whole = path[0] == '(' ? path : gb_arena_printf(arena, "(%s)%s", root, path);
    int r = set(run, "config_file", whole);
    return r < 0 ? r : set(run, "config_directory", grub_folder_of(arena, whole));
}

static int run_script(struct grub_run *run, const char *path, const struct grub_node *script,
                      bool *ret_true)
{
    const char *const names[] = {"config_file", "config_directory"};
    const char *outer[GB_ARRAY_LEN(names)];
    const char *file = run->file;
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++)
        outer[i] = grub_env_get(&run->env, gb_bytes_str(names[i]));
    run->file = path;
    int r = tell_where(run, path);
    if (r == 0)
        r = grub_run_list(run, script, ret_true);
    run->file = file;
    for (size_t i = 0; r == 0 && i < GB_ARRAY_LEN(names); i++)
        r = set(run, names[i], outer[i]);
    return r;
}

int grub_run_file(struct grub_run *run, const char *path, bool *ret_true)
{
    struct gb_bytes text = {0};
    struct grub_node *script = NULL;
    *ret_true = false;
    int r = grub_find(run, path, &text);
    if (r < 0 || !text.data)
        return r;
    r = grub_measure_file(run, GB_LINK_BOOTLOADER, path, text);
    if (r == 0)
        r = grub_script_read(run->build->arena, text, &script, run->err);
    if (r < 0) {
        gb_err_prefix(run->err, "%s: ", path);
        return r;
    }
    return run_script(run, path, script, ret_true);
}

/* --- running -------------------------------------------------------------------------------- */

static int define(struct grub_run *run, const struct grub_node *node)
{
    struct grub_call *call = gb_arena_new_one(run->build->arena, struct grub_call);
    if (!call)
        return gb_err_nomem(run->err);
    *call = (struct grub_call){
        .next = run->calls, .name = node->words->parts->text, .body = node->body};
    run->calls = call;
    return GB_OK;
}

static int run_if(struct grub_run *run, const struct grub_node *node, bool *ret_true)
{
    bool holds = false;
    int r = grub_run_list(run, node->condition, &holds);
    if (r < 0)
        return r;
    if (run->unsure)
        return grub_refuse(run, "if", "the outcome of its condition depends on the machine");
    const struct grub_node *body = holds ? node->body : node->otherwise;
    return body ? grub_run_list(run, body, ret_true) : GB_OK;
}

int grub_run_list(struct grub_run *run, const struct grub_node *list, bool *ret_true)
{
    int r = GB_OK;
    *ret_true = true;
    if (++run->depth > GB_LIMIT_GRUB_DEPTH)
        return gb_err_set(run->err, GB_ERR_LIMIT, "%s:%zu: nested too deeply", run->file,
                          run->line);
    for (const struct grub_node *node = list; r == 0 && node && !run->boots; node = node->next) {
        run->line = node->line;
        if (node->kind == GRUB_COMMAND)
            r = run_command(run, node, ret_true);
        else if (node->kind == GRUB_FUNCTION)
            r = define(run, node);
        else if (node->kind == GRUB_IF)
            r = run_if(run, node, ret_true);
        else
            r = grub_refuse(run, "for/while/until", "loops are not evaluated here");
    }
    run->depth--;
    return r;
}

const char *grub_folder_of(struct gb_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return gb_arena_printf(arena, "%.*s", slash ? (int)(slash - path) : 0, path);
}

static const struct grub_call *find_call(const struct grub_run *run, const char *name)
{
    const struct grub_call *call = run->calls;
    while (call && !gb_bytes_is(call->name, name))
        call = call->next;
    return call;
}

/* What a command speaks for: the lines that load kernel and initrd are theirs. */
static enum gb_link link_of(const char *command)
{
    if (strncmp(command, "linux", strlen("linux")) == 0)
        return GB_LINK_CMDLINE;
    return GB_LINK_BOOTLOADER;
}

static int run_call(struct grub_run *run, const struct grub_call *call,
                    const struct grub_line *line, bool *ret_true)
{
    struct grub_args outer = run->args;
    run->args = (struct grub_args){.count = line->count - 1, .words = line->words + 1};
    int r = grub_run_list(run, call->body, ret_true);
    run->args = outer;
    return r;
}

/* GRUB keeps each outcome as a number: 0, 1 for a test that failed, others for errors. */
static void keep_outcome(struct grub_run *run, const char *command, bool held)
{
    bool test = strcmp(command, "[") == 0 || strcmp(command, "test") == 0 ||
                strcmp(command, "false") == 0 || strcmp(command, "!") == 0;
    if (!held && !test)
        run->number = NULL;
    else
        run->number = held ? "0" : "1";
}

static int run_command(struct grub_run *run, const struct grub_node *node, bool *ret_true)
{
    struct grub_line line = {0};
    const char *text = NULL;
    if (++run->steps > GB_LIMIT_GRUB_STEPS)
        return gb_err_set(run->err, GB_ERR_LIMIT, "more than %d commands", GB_LIMIT_GRUB_STEPS);
    int r = grub_expand(run, node, &line);
    if (r < 0 || line.count == 0)
        return r;
    r = grub_join(run, &line, &text);
    if (r == 0)
        r = grub_measure_text(run, link_of(line.words[0]), "grub_cmd: ", text);
    if (r < 0)
        return r;
    const char *first = line.words[0];
    bool invert = strcmp(first, "!") == 0;
    if (invert) {
        memmove((void *)line.words, (void *)(line.words + 1),
                (line.count - 1) * sizeof line.words[0]);
        line.count--;
    }
    if (line.count == 0)
        return grub_refuse(run, "!", "nothing to negate");
    const struct grub_call *call = find_call(run, line.words[0]);
    run->unsure = false;
    r = call ? run_call(run, call, &line, ret_true) : grub_command(run, &line, ret_true);
    *ret_true = *ret_true != invert;
    if (r == 0 && !call)
        keep_outcome(run, first, *ret_true);
    return r;
}

/* What GRUB's kernel and its module `normal` set before any script runs. */
static int set_up(struct grub_run *run)
{
    static const char *const features[] = {
        "feature_chainloader_bpb",      "feature_ntldr",
        "feature_platform_search_hint", "feature_default_font_path",
        "feature_all_video_module",     "feature_menuentry_id",
        "feature_menuentry_options",    "feature_200_final",
        "feature_nativedisk_cmd",       "feature_timeout_style"};
    struct gb_arena *arena = run->build->arena;
    const char *device = run->start->files->volumes[0].device;
    run->modules = run->start->image->modules;
    int r = set(run, "root", device);
    if (r == 0)
        r = set(run, "prefix", gb_arena_printf(arena, "(%s)%s", device, run->start->image->prefix));
    if (r == 0)
        r = set(run, "cmdpath", gb_arena_printf(arena, "(%s)%s", device, run->start->folder));
    if (r == 0)
        r = set(run, "grub_platform", "efi");
    if (r == 0)
        r = set(run, "grub_cpu", "x86_64");
    for (size_t i = 0; r == 0 && i < GB_ARRAY_LEN(features); i++)
        r = set(run, features[i], "y");
    return r;
}

int grub_eval(struct predict_set *build, const struct grub_start *start, struct gb_err *err)
{
    struct grub_run run = {.build = build,
                           .start = start,
                           .env = {.arena = build->arena},
                           .file = "(memdisk)/grub.cfg",
                           .err = err};
    struct grub_node *script = NULL;
    bool held = false;
    int r = grub_script_read(build->arena, start->image->config, &script, err);
    if (r < 0) {
        gb_err_prefix(err, "the image's own script: ");
        return r;
    }
    r = set_up(&run);
    if (r == 0)
        r = grub_run_list(&run, script, &held);
    if (r == 0)
        r = grub_run_menu(&run);
    if (r == 0 && !run.has_kernel)
        r = gb_err_set(err, GB_ERR_CONFIG, "no kernel is loaded by what GRUB runs");
    return r;
}
