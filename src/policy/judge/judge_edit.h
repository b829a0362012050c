/* What turns an accepted link into the one that was measured, in words: one finding an edit. */
#ifndef GB_POLICY_JUDGE_EDIT_H
#define GB_POLICY_JUDGE_EDIT_H

#include <stddef.h>

#include "base/finding.h"
#include "policy/documents/diff.h"
#include "policy/judge/judge.h"
#include "policy/sets/refval.h"

/* `bank`: a position in digest_algs, the one that was compared. A command line whose text is proven
 * is told word by word. */
void judge_edit(struct judge *judge, enum gb_link link, const struct diff_edit *edit,
                const struct ref_set *set, size_t bank);

#endif
