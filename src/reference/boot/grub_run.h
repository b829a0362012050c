/* A GRUB that runs: what its evaluator (grub_eval, grub_words), its menu (grub_menu) and its
 * commands (grub_commands, grub_settings, grub_modules, grub_load) share. */
#ifndef GB_REFERENCE_GRUB_RUN_H
#define GB_REFERENCE_GRUB_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_eval.h"
#include "reference/boot/grub_image.h"
#include "reference/boot/grub_script.h"
#include "reference/predict_set.h"

enum { GRUB_MAX_WORDS = 64 };

struct grub_line {
    size_t count;
    const char *words[GRUB_MAX_WORDS];
    const struct grub_word *block; /* the last word's, or NULL */
};

/* "$1" and further. */
struct grub_args {
    size_t count;
    const char *const *words;
};

struct grub_entry {
    struct grub_entry *next;
    struct grub_args args; /* the first is its title */
    const char *id;        /* its title without one */
    const char *file;
    bool submenu;
    const struct grub_node *body;
};

struct grub_menu {
    struct grub_entry *first;
    struct grub_entry *last;
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
    struct grub_menu menu;
    struct grub_module_name *modules; /* that are loaded */
    struct grub_args args;            /* of the function or entry that runs */
    const char *number;               /* "$?"; NULL: not known */
    const char *file;                 /* the configuration that runs, for messages */
    size_t line;
    unsigned depth;
    unsigned steps;
    bool unsure; /* the last command's outcome depends on more than files */
    bool saved;  /* the environment block is not the file's any more */
    bool has_kernel;
    bool boots; /* `boot` was said: nothing runs after it */
    struct gb_err *err;
};

/* GB_ERR_CONFIG "/boot/grub/grub.cfg:12: ...". */
GB_MUST_USE int grub_refuse(struct grub_run *run, const char *word, const char *what);
/* The words of a command with variables put in; a block is the last. */
GB_MUST_USE int grub_expand(struct grub_run *run, const struct grub_node *node,
                            struct grub_line *line);
/* The words with a blank between each two, as GRUB measures them. */
GB_MUST_USE int grub_join(struct grub_run *run, const struct grub_line *line,
                          const char **ret_text);
/* Runs a list; `*ret_true` is the last command's outcome. */
GB_MUST_USE int grub_run_list(struct grub_run *run, const struct grub_node *list, bool *ret_true);
/* Runs a file: measured, then command by command. `*ret_true` false: there is none. */
GB_MUST_USE int grub_run_file(struct grub_run *run, const char *path, bool *ret_true);
/* The default entry of the menu that has been built, if there is any. */
GB_MUST_USE int grub_run_menu(struct grub_run *run);
/* A command that is no function. `*ret_true` is its outcome, unless run->unsure is set. */
GB_MUST_USE int grub_command(struct grub_run *run, const struct grub_line *line, bool *ret_true);
/* Commands by more than one line, each in the file that is named after what it is about. */
typedef int grub_do(struct grub_run *run, const struct grub_line *line, bool *ret_true);
grub_do grub_do_menuentry, grub_do_configfile;
grub_do grub_do_load_env, grub_do_save_env, grub_do_loadfont;
grub_do grub_do_insmod;
grub_do grub_do_linux, grub_do_initrd;

/* Sets a variable, and does what GRUB does at once when it changes. */
GB_MUST_USE int grub_assign(struct grub_run *run, struct gb_bytes name, const char *value);
/* What GRUB reads of a folder for modules as soon as it is told of it. */
GB_MUST_USE int grub_read_lists(struct grub_run *run, const char *prefix);
bool grub_has_module(const struct grub_run *run, const char *name);

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
