/*
 * Labels of nodes: key=value pairs with Kubernetes' syntax, so that one set of words serves both. A
 * key is [prefix/]name: the prefix a DNS subdomain of at most 253 bytes, the name at most 63 of
 * letters, digits, '-', '_' and '.', beginning and ending with a letter or digit. A value is empty
 * or like a name. As one text they are sorted by key: "rack=7,site=fra-2"; no labels are "".
 */
#ifndef GB_BASE_LABELS_H
#define GB_BASE_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct gb_label {
    const char *key;
    const char *value;
};

struct gb_labels {
    const struct gb_label *items; /* sorted by key, each key once */
    size_t count;
};

bool gb_label_key_ok(struct gb_bytes key);
bool gb_label_value_ok(struct gb_bytes value);

/* Reads the text form, in any order. In the arena. GB_ERR_INPUT says what is wrong with which
 * label; LIMIT above GB_LIMIT_LABELS or GB_LIMIT_LABELS_TEXT; NOMEM. */
GB_MUST_USE int gb_labels_read(struct gb_arena *arena, struct gb_bytes text,
                               struct gb_labels *ret_labels, struct gb_err *err);
/* `old` with one change: "key=value" sets, "key-" takes away (nothing when it is not there). */
GB_MUST_USE int gb_labels_change(struct gb_arena *arena, const struct gb_labels *old,
                                 struct gb_bytes change, struct gb_labels *ret_labels,
                                 struct gb_err *err);
/* In the arena; NULL when out of memory. */
GB_MUST_USE char *gb_labels_text(struct gb_arena *arena, const struct gb_labels *labels);
/* NULL when there is none of this key. */
const char *gb_labels_get(const struct gb_labels *labels, const char *key);
/* Whether every label of `selector` is there; none selects all. */
bool gb_labels_match(const struct gb_labels *labels, const struct gb_labels *selector);

#endif
