/*
 * GRUB's script language (GNU GRUB 2.06 manual, "Writing full configuration files directly"), the
 * part of it that generated configurations use: commands, assignments, if/elif/else, functions,
 * blocks as last arguments. Loops are read, so that an entry which nobody boots may have one; what
 * they do is not told here. Other syntax is refused.
 */
#ifndef GB_REFERENCE_GRUB_SCRIPT_H
#define GB_REFERENCE_GRUB_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* A piece of a word: text, or the name of a variable whose value stands there. */
struct grub_part {
    struct grub_part *next;
    struct gb_bytes text;
    bool variable;
    bool quoted; /* its blanks do not part words, and it makes a word even when empty */
};

struct grub_word {
    struct grub_word *next;
    struct grub_part *parts;
    struct gb_bytes block; /* "{ ... }" as written, or data NULL */
    struct grub_node *body;
};

enum grub_kind { GRUB_NONE, GRUB_COMMAND, GRUB_IF, GRUB_FUNCTION, GRUB_LOOP };

struct grub_node {
    struct grub_node *next;
    enum grub_kind kind;
    size_t line;
    struct grub_word *words;     /* of a command; of a function: its name */
    struct grub_node *condition; /* of an if */
    struct grub_node *body;      /* of an if and of a function */
    struct grub_node *otherwise;
};

/* Borrows `in`; the tree points into it. GB_ERR_CONFIG "line 12: ..." for what is refused,
 * GB_ERR_LIMIT. */
GB_MUST_USE int grub_script_read(struct gb_arena *arena, struct gb_bytes in,
                                 struct grub_node **ret_script, struct gb_err *err);

#endif
