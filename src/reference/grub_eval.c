#include "reference/grub_eval.h"

#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/finding.h"
#include "base/limits.h"
#include "base/text.h"
#include "evidence/eventlog.h"
#include "reference/boot_files.h"
#include "reference/grub_env.h"
#include "reference/grub_run.h"
#include "reference/grub_script.h"
#include "reference/pe.h"
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

/* --- words ---------------------------------------------------------------------------------- */

struct words {
    struct grub_run *run;
    struct grub_line *line;
    struct gb_buf now;
    bool open; /* a word has begun */
};

static int end_word(struct words *w)
{
    if (!w->open)
        return GB_OK;
    if (w->line->count == GRUB_MAX_WORDS)
        return gb_err_set(w->run->err, GB_ERR_LIMIT, "%s:%zu: more than %d words", w->run->file,
                          w->run->line, GRUB_MAX_WORDS);
    if (!gb_buf_ok(&w->now))
        return gb_err_set(w->run->err, GB_ERR_LIMIT, "%s:%zu: a line too long", w->run->file,
                          w->run->line);
    struct gb_bytes kept = gb_arena_copy(w->run->build->arena, gb_buf_bytes(&w->now));
    if (!kept.data)
        return gb_err_nomem(w->run->err);
    w->line->words[w->line->count++] = (const char *)kept.data;
    gb_buf_done(&w->now);
    gb_buf_init(&w->now, GB_LIMIT_GRUB_LINE);
    w->open = false;
    return GB_OK;
}

/* A variable outside quotes is parted at its blanks. */
static int add_value(struct words *w, const char *value, bool quoted)
{
    int r = GB_OK;
    for (const char *c = value; r == 0 && *c; c++) {
        if (!quoted && strchr(" \t\n", *c)) {
            r = end_word(w);
            continue;
        }
        if (!quoted && strchr("*?", *c))
            return grub_refuse(w->run, value, "a wildcard is not evaluated here");
        w->open = true;
        gb_buf_u8(&w->now, (uint8_t)*c);
    }
    return r;
}

static int add_parts(struct words *w, const struct grub_word *word)
{
    int r = GB_OK;
    for (const struct grub_part *part = word->parts; r == 0 && part; part = part->next) {
        if (part->variable && strchr("?#*@0123456789", part->text.data[0])) {
            r = grub_refuse(w->run, "$",
                            "a variable of arguments or outcomes is not evaluated here");
        } else if (part->variable) {
            r = add_value(w, grub_env_get(&w->run->env, part->text), part->quoted);
        } else {
            gb_buf_add(&w->now, part->text.data, part->text.len);
            w->open = true;
        }
        w->open = w->open || part->quoted;
    }
    return r < 0 ? r : end_word(w);
}

/* The words of a command with variables put in; a block is the last. */
static int expand(struct grub_run *run, const struct grub_node *node, struct grub_line *line)
{
    struct words w = {.run = run, .line = line};
    int r = GB_OK;
    gb_buf_init(&w.now, GB_LIMIT_GRUB_LINE);
    for (const struct grub_word *word = node->words; r == 0 && word; word = word->next) {
        if (word->block.data) {
            line->block = word;
            gb_buf_add(&w.now, word->block.data, word->block.len);
            w.open = true;
            r = end_word(&w);
        } else {
            r = add_parts(&w, word);
        }
    }
    gb_buf_done(&w.now);
    return r;
}

static int join(struct grub_run *run, const struct grub_line *line, const char **ret_text)
{
    struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_GRUB_CONFIG);
    for (size_t i = 0; i < line->count; i++)
        gb_buf_printf(&out, "%s%s", i > 0 ? " " : "", line->words[i]);
    struct gb_bytes kept = {0};
    if (gb_buf_ok(&out))
        kept = gb_arena_copy(run->build->arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    if (!kept.data)
        return gb_err_nomem(run->err);
    *ret_text = (const char *)kept.data;
    return GB_OK;
}

/* --- measurements --------------------------------------------------------------------------- */

int grub_measure_text(struct grub_run *run, enum gb_link link, const char *prefix, const char *text)
{
    enum { SHOWN = 120 };
    struct predict_event event = {.link = link, .pcr = 8, .type = EV_IPL};
    char *shown = gb_text_escape(run->build->arena, gb_bytes_str(text), SHOWN);
    event.about = shown ? gb_arena_printf(run->build->arena, "%s%s", prefix, shown) : NULL;
    if (!event.about)
        return gb_err_nomem(run->err);
    if (link == GB_LINK_CMDLINE && strcmp(prefix, "kernel_cmdline: ") == 0)
        event.value = text;
    struct pe_memory bytes = {.head = gb_bytes_str(text)};
    return predict_set_bytes(run->build, &event, &bytes, 1, run->err);
}

int grub_measure_file(struct grub_run *run, enum gb_link link, const char *path,
                      struct gb_bytes file)
{
    enum { SHOWN = 120 };
    struct predict_event event = {.link = link, .pcr = 9, .type = EV_IPL};
    event.about = gb_text_escape(run->build->arena, gb_bytes_str(path), SHOWN);
    if (!event.about)
        return gb_err_nomem(run->err);
    struct pe_memory bytes = {.head = file};
    return predict_set_bytes(run->build, &event, &bytes, 1, run->err);
}

/* --- files ---------------------------------------------------------------------------------- */

static int find_volume(struct grub_run *run, struct gb_bytes device, size_t *ret_volume)
{
    const struct boot_files *files = run->start->files;
    for (size_t i = 0; i < files->count; i++)
        if (gb_bytes_is(device, files->volumes[i].device)) {
            *ret_volume = i;
            return GB_OK;
        }
    const char *name = gb_arena_printf(run->build->arena, "%.*s", (int)device.len,
                                       device.len ? (const char *)device.data : "");
    if (!name)
        return gb_err_nomem(run->err);
    return grub_refuse(run, name, "a device of which no files are given (see --volume)");
}

int grub_find(struct grub_run *run, const char *path, struct gb_bytes *ret_file)
{
    struct gb_bytes rest = gb_bytes_str(path);
    struct gb_bytes device = gb_bytes_str(grub_env_get(&run->env, gb_bytes_str("root")));
    size_t volume = 0;
    if (rest.len > 0 && rest.data[0] == '(') {
        rest = gb_bytes_from(rest, 1);
        device = gb_text_until(&rest, ')');
    }
    if (rest.len == 0 || rest.data[0] != '/')
        return grub_refuse(run, path, "a path that is not whole");
    int r = find_volume(run, device, &volume);
    if (r < 0)
        return r;
    const struct boot_files *files = run->start->files;
    return files->read(files->context, volume, (const char *)rest.data, ret_file, run->err);
}

int grub_run_file(struct grub_run *run, const char *path, bool *ret_true)
{
    struct gb_bytes text = {0};
    struct grub_node *script = NULL;
    const char *file = run->file;
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
    run->file = path;
    r = grub_run_list(run, script, ret_true);
    run->file = file;
    return r;
}

/* --- running -------------------------------------------------------------------------------- */

int grub_run_list(struct grub_run *run, const struct grub_node *list, bool *ret_true)
{
    int r = GB_OK;
    *ret_true = true;
    if (++run->depth > GB_LIMIT_GRUB_DEPTH)
        return gb_err_set(run->err, GB_ERR_LIMIT, "%s:%zu: nested too deeply", run->file,
                          run->line);
    for (const struct grub_node *node = list; r == 0 && node; node = node->next) {
        bool holds = false;
        run->line = node->line;
        if (node->kind == GRUB_COMMAND) {
            r = run_command(run, node, ret_true);
        } else if (node->kind == GRUB_FUNCTION) {
            struct grub_call *call = gb_arena_new_one(run->build->arena, struct grub_call);
            if (!call)
                return gb_err_nomem(run->err);
            *call = (struct grub_call){.next = run->calls, .name = node->words->parts->text};
            call->body = node->body;
            run->calls = call;
        } else {
            r = grub_run_list(run, node->condition, &holds);
            if (r == 0 && (holds ? node->body : node->otherwise))
                r = grub_run_list(run, holds ? node->body : node->otherwise, ret_true);
        }
    }
    run->depth--;
    return r;
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

static int run_command(struct grub_run *run, const struct grub_node *node, bool *ret_true)
{
    struct grub_line line = {0};
    const char *text = NULL;
    if (++run->steps > GB_LIMIT_GRUB_STEPS)
        return gb_err_set(run->err, GB_ERR_LIMIT, "more than %d commands", GB_LIMIT_GRUB_STEPS);
    int r = expand(run, node, &line);
    if (r < 0 || line.count == 0)
        return r;
    r = join(run, &line, &text);
    if (r == 0 && text)
        r = grub_measure_text(run, link_of(line.words[0]), "grub_cmd: ", text);
    if (r < 0)
        return r;
    bool invert = strcmp(line.words[0], "!") == 0;
    if (invert) {
        memmove((void *)line.words, (void *)(line.words + 1),
                (line.count - 1) * sizeof line.words[0]);
        line.count--;
    }
    if (line.count == 0)
        return grub_refuse(run, "!", "nothing to negate");
    const struct grub_call *call = find_call(run, line.words[0]);
    if (call && line.count > 1)
        return grub_refuse(run, line.words[0], "a function's arguments are not evaluated here");
    r = call ? grub_run_list(run, call->body, ret_true) : grub_command(run, &line, ret_true);
    *ret_true = *ret_true != invert;
    return r;
}

/* --- the menu ------------------------------------------------------------------------------- */

static struct grub_entry *default_entry(const struct grub_run *run, const char *wanted)
{
    enum { MOST = 9999 };
    uint64_t index = 0;
    struct grub_entry *entry = run->entries;
    if (wanted[0] == 0 || gb_text_u64(gb_bytes_str(wanted), MOST, &index)) {
        for (; entry && index > 0; index--)
            entry = entry->next;
        return entry;
    }
    while (entry && strcmp(entry->title, wanted) != 0 && strcmp(entry->id, wanted) != 0)
        entry = entry->next;
    return entry;
}

int grub_run_menu(struct grub_run *run)
{
    bool held = false;
    const char *wanted = grub_env_get(&run->env, gb_bytes_str("default"));
    if (!run->entries || run->has_kernel)
        return GB_OK;
    struct grub_entry *entry = default_entry(run, wanted);
    if (!entry)
        return grub_refuse(run, wanted, "the default entry is not in the menu");
    if (!entry->body)
        return grub_refuse(run, entry->title, "the default entry is a submenu or empty");
    run->file = entry->file;
    if (!grub_env_set(&run->env, gb_bytes_str("chosen"), entry->id[0] ? entry->id : entry->title))
        return gb_err_nomem(run->err);
    const char *first = gb_arena_printf(run->build->arena, "setparams %s", entry->title);
    int r = first ? grub_measure_text(run, GB_LINK_BOOTLOADER, "grub_cmd: ", first)
                  : gb_err_nomem(run->err);
    return r < 0 ? r : grub_run_list(run, entry->body, &held);
}

static int set(struct grub_run *run, const char *name, const char *value)
{
    return value && grub_env_set(&run->env, gb_bytes_str(name), value) &&
                   grub_env_export(&run->env, gb_bytes_str(name))
               ? GB_OK
               : gb_err_nomem(run->err);
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
    int r = set(run, "root", device);
    if (r == 0)
        r = set(run, "prefix", gb_arena_printf(arena, "(%s)%s", device, run->start->prefix));
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
    run.entries_tail = &run.entries;
    int r = grub_script_read(build->arena, start->config, &script, err);
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
