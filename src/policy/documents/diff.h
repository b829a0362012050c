/* What was measured against what is accepted, for one link: per PCR, in order, by digest. */
#ifndef GB_POLICY_DIFF_H
#define GB_POLICY_DIFF_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/chain/chain.h"
#include "policy/sets/refval.h"

/* found and accepted: changed; found alone: unexpected; accepted alone: absent. */
struct diff_edit {
    const struct chain_event *found;
    const struct ref_event *accepted;
};

/* The fewest edits that turn what is accepted into what was found, in order of PCR. */
struct diff {
    struct diff_edit *edits;
    size_t count;
    size_t found_count;    /* measurements of the link and class */
    size_t accepted_count; /* the set's events of the link */
};

/*
 * Compares the measurements of `link` and `set->cls` with the set's events of `link`. Digests count
 * only in the bank at `bank` (a position in digest_algs): an accepted event that has none there
 * equals nothing.
 */
GB_MUST_USE int diff_link(struct gb_arena *arena, const struct chain_event *events, size_t count,
                          const struct ref_set *set, enum gb_link link, size_t bank,
                          struct diff *ret_diff, struct gb_err *err);

#endif
