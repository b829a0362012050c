/* The parts of judge_ima(): what an entry that no set knows comes to, and what names the IMA
 * policy. */
#ifndef GB_POLICY_JUDGE_IMA_H
#define GB_POLICY_JUDGE_IMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "policy/judge/judge.h"
#include "policy/sets/file_index.h"
#include "policy/sets/refval.h"

/* The place in the whole list of entry `index` of this round. */
struct gb_event_ref judge_ima_event(const struct judge *judge, size_t index);
/* A path or a name, printable; "a file without a name". NULL when out of memory. */
const char *judge_ima_shown(struct judge *judge, struct gb_bytes text);
/* Which link a class of files speaks for. */
enum gb_link judge_ima_link(enum ref_class cls);

/* Findings for an entry that no accepted set of the class knows: an exception of the policy, or
 * what it is, and who has it after all. `hit`: all sets that know it. */
void judge_ima_unknown(struct judge *judge, enum ref_class cls, size_t index,
                       const struct file_hit *hit);
/* Whether the entry has no digest, or one that proves nothing; then with its finding. */
bool judge_ima_unproven(struct judge *judge, enum gb_link link, size_t index);

/* Whether something proven says which IMA policy was in force. */
bool judge_ima_policy_named(const struct judge *judge);

#endif
