/* A command's words: variables, arguments and outcomes put in. */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_run.h"
#include "reference/boot/grub_script.h"
#include "reference/predict_set.h"

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

static int add_text(struct words *w, const char *text)
{
    gb_buf_add(&w->now, text, strlen(text));
    w->open = true;
    return GB_OK;
}

/* "$@", "$*": every argument; within quotes the first keeps them apart, the second does not. */
static int add_arguments(struct words *w, bool apart, bool quoted)
{
    const struct grub_args *args = &w->run->args;
    int r = GB_OK;
    for (size_t i = 0; r == 0 && i < args->count; i++) {
        if (i > 0 && quoted && !apart)
            r = add_text(w, " ");
        else if (i > 0)
            r = end_word(w);
        w->open = w->open || quoted;
        if (r == 0)
            r = add_value(w, args->words[i], quoted);
    }
    return r;
}

/* "$?", "$#", "$1": GRUB has no "$0". */
static int add_special(struct words *w, const struct grub_part *part)
{
    enum { MOST = 9999 };
    struct grub_run *run = w->run;
    uint64_t at = 0;
    switch (part->text.data[0]) {
    case '?':
        if (run->unsure || !run->number)
            return grub_refuse(run, "$?", "the number of this outcome is not known here");
        return add_text(w, run->number);
    case '@':
    case '*':
        return add_arguments(w, part->text.data[0] == '@', part->quoted);
    case '#': {
        const char *count = gb_arena_printf(run->build->arena, "%zu", run->args.count);
        return count ? add_text(w, count) : gb_err_nomem(run->err);
    }
    default:
        if (!gb_text_u64(part->text, MOST, &at) || at == 0 || at > run->args.count)
            return GB_OK;
        return add_value(w, run->args.words[at - 1], part->quoted);
    }
}

static int add_parts(struct words *w, const struct grub_word *word)
{
    int r = GB_OK;
    for (const struct grub_part *part = word->parts; r == 0 && part; part = part->next) {
        if (part->variable && strchr("?#*@0123456789", part->text.data[0])) {
            r = add_special(w, part);
        } else if (part->variable) {
            r = add_value(w, grub_env_get(&w->run->env, part->text), part->quoted);
        } else {
            gb_buf_add(&w->now, part->text.data, part->text.len);
            w->open = true;
        }
        /* "$@" of no arguments is no word. */
        w->open = w->open || (part->quoted && !(part->variable && part->text.data[0] == '@'));
    }
    return r < 0 ? r : end_word(w);
}

int grub_expand(struct grub_run *run, const struct grub_node *node, struct grub_line *line)
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

int grub_join(struct grub_run *run, const struct grub_line *line, const char **ret_text)
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
