/*
 * A strict door to libyaml: documents become a small tree that remembers lines. Aliases, anchors,
 * tags, duplicate keys and keys that are not scalars are errors. Everything is text; types are the
 * reader's business (policy/).
 */
#ifndef GB_WIRE_YAML_H
#define GB_WIRE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* YAML_LITERAL: a literal block ("key: |") of more than GB_LIMIT_YAML_SCALAR bytes. It is not
 * copied; yaml_lines reads it. Whoever wants a YAML_SCALAR does not want it. */
enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING, YAML_LITERAL };

/* A literal block as it stands in the input. Its text is its lines without the blanks that indent
 * them, a newline behind each (the last only where the input has it). */
struct yaml_literal {
    struct gb_bytes raw; /* the lines, of printable UTF-8 */
    size_t indent;       /* blanks that each line begins with */
    size_t lines;
    size_t len; /* of the text */
};

struct yaml_node {
    enum yaml_kind kind;
    unsigned line;        /* from 1 */
    unsigned key_line;    /* line of `key` */
    uint32_t at, end;     /* where the value stands in the input: characters (code points), not
                             bytes, from its first to behind its last. `end` of what is in block style
                             may lie beyond blanks and comments */
    uint32_t key_at;      /* where `key` begins */
    bool plain;           /* a scalar without quotes: may mean a number, true, null */
    struct gb_bytes key;  /* in a mapping: the key before this node; never empty */
    struct gb_bytes text; /* scalar; a NUL follows that is not counted, and none stands within */
    const struct yaml_literal *literal; /* of a YAML_LITERAL */
    struct yaml_node *first;            /* children of a sequence or mapping, in order */
    struct yaml_node *next;
    size_t count; /* children */
};

/*
 * Reads all documents of one file; `name` (a file name) starts every error: "policy.yaml:12: ...".
 * Nodes live in the arena and hold copies, but for YAML_LITERAL, which borrows `in`. *ret_docs is a
 * sequence node whose children are the documents. Words of the file in an error are escaped.
 * GB_ERR_CONFIG, GB_ERR_LIMIT, NOMEM.
 */
GB_MUST_USE int yaml_read(struct gb_arena *arena, struct gb_bytes in, const char *name,
                          struct yaml_node **ret_docs, struct gb_err *err);

/* Walks the lines of a text: a literal's, or a scalar's. */
struct yaml_lines {
    struct gb_bytes rest;
    size_t indent;
    size_t
        line; /* number in the file of the line last returned; of a scalar, of its text: from 1 */
};
void yaml_lines_init(struct yaml_lines *lines, const struct yaml_node *node);
/* The next line without its newline; false at the end. */
GB_MUST_USE bool yaml_lines_next(struct yaml_lines *lines, struct gb_bytes *ret_line);

/* NULL when absent. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

/* Writes one scalar on one line so that yaml_read gives back the same bytes: plain where that is
 * safe and could not be taken for a number or a truth value, else in double quotes. Text that YAML
 * cannot hold (no UTF-8, a NUL, longer than GB_LIMIT_YAML_SCALAR) marks `out` as failed and returns
 * false: escape paths of strangers first (gb_text_escape). */
bool yaml_write_scalar(struct gb_buf *out, struct gb_bytes text);

#endif
