/*
 * Long literal blocks ("key: |" and lines beneath), cut out of a document before libyaml walks it
 * character by character: a list of a million digests is one. What libyaml reads instead has a line
 * "x" in each one's place. yaml_read takes a block for what it seems only when libyaml gave it back
 * as one whole literal scalar of that one letter, at that line; in all other cases it reads the
 * document as it is. So no text means anything else than to libyaml. Within wire/ only;
 * docs/adr/0017.
 */
#ifndef GB_WIRE_YAML_CUT_H
#define GB_WIRE_YAML_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "wire/yaml.h"

/* One block that was cut out. */
struct yaml_cut {
    size_t line;        /* of its key in the text that libyaml reads, from 0 */
    size_t more_lines;  /* that everything below moved up by, by this cut and those before it */
    size_t more_places; /* likewise characters (code points) */
    struct yaml_literal literal;
};

struct yaml_cuts {
    struct gb_bytes text; /* what libyaml is to read; the input itself when nothing was cut */
    struct yaml_cut *items;
    size_t count;
};

/* Looks for blocks of at least `at_least` bytes. Borrows `in`; the rest lives in the arena. False
 * when out of memory. */
GB_MUST_USE bool yaml_cut(struct gb_arena *arena, struct gb_bytes in, size_t at_least,
                          struct yaml_cuts *ret_cuts);

/* How yaml_read does its work; others only in tests. All zero: every block is
 * cut, and stays one. */
struct yaml_ways {
    size_t cut_from; /* blocks of fewer bytes are left to libyaml */
    size_t
        literal_from; /* text of more bytes becomes a YAML_LITERAL; at most GB_LIMIT_YAML_SCALAR */
};
GB_MUST_USE int yaml_read_in_ways(struct gb_arena *arena, struct gb_bytes in, const char *name,
                                  const struct yaml_ways *ways, struct yaml_node **ret_docs,
                                  struct gb_err *err);

#endif
