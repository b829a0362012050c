/* A GRUB that runs: what its evaluator (grub_eval) and its commands (grub_commands) share. */
#ifndef GB_REFERENCE_GRUB_RUN_H
#define GB_REFERENCE_GRUB_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/grub_env.h"
#include "reference/grub_eval.h"
#include "reference/grub_script.h"
#include "reference/predict_set.h"

enum { GRUB_MAX_WORDS = 64 };

struct grub_line {
    size_t count;
    const char *words[GRUB_MAX_WORDS];
    const struct grub_word *block; /* the last word's, or NULL */
};

struct grub_entry {
    struct grub_entry *next;
    const char *title;
    const char *id; /* "" without one */
    const char *file;
    struct grub_node *body; /* NULL: a submenu */
};

struct grub_call {
    struct grub_call *next;
    struct gb_bytes name;
    struct grub_node *body;
};

struct grub_run {
    struct predict_set *build;
    const struct grub_start *start;
    struct grub_env env;
    struct grub_call *calls; /* functions */
    struct grub_entry *entries;
    struct grub_entry **entries_tail;
    const char *file; /* the configuration that runs, for messages */
    size_t line;
    unsigned depth;
    unsigned steps;
    bool has_kernel;
    struct gb_err *err;
};

/* GB_ERR_CONFIG "/boot/grub/grub.cfg:12: ...". */
GB_MUST_USE int grub_refuse(struct grub_run *run, const char *word, const char *what);
/* Runs a list; `*ret_true` is the last command's outcome. */
GB_MUST_USE int grub_run_list(struct grub_run *run, const struct grub_node *list, bool *ret_true);
/* Runs a file: measured, then command by command. `*ret_true` false: there is none. */
GB_MUST_USE int grub_run_file(struct grub_run *run, const char *path, bool *ret_true);
/* The default entry of the menu that has been built, if there is any. */
GB_MUST_USE int grub_run_menu(struct grub_run *run);
/* A command other than those that change the flow. */
GB_MUST_USE int grub_command(struct grub_run *run, const struct grub_line *line, bool *ret_true);

/* "(hd0,gpt1)/x" or "/x" on $root. data NULL: there is none; the file is not measured by looking
 * for it. */
GB_MUST_USE int grub_find(struct grub_run *run, const char *path, struct gb_bytes *ret_file);
/* PCR 9: a file that GRUB has opened. */
GB_MUST_USE int grub_measure_file(struct grub_run *run, enum gb_link link, const char *path,
                                  struct gb_bytes file);
/* PCR 8: text behind its prefix. */
GB_MUST_USE int grub_measure_text(struct grub_run *run, enum gb_link link, const char *prefix,
                                  const char *text);

#endif
