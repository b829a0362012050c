/* IMA lists to PCR 10. */
#ifndef GB_VERIFY_REPLAY_IMA_H
#define GB_VERIFY_REPLAY_IMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"

enum { REPLAY_IMA_PCR = 10 };

/*
 * One PCR 10 being replayed, entry by entry, always from the template data and never from the
 * record's own digest. `padded`: this bank takes the SHA-1 template digest, zero-padded, because
 * the kernel lacked the hash (ima_calc_field_array_hash). `short_ones`: a violation extends 20 ones
 * and zeros in a padded bank, as kernels before 5.8 did, instead of all ones.
 */
struct replay_ima {
    enum digest_alg alg;
    bool padded;
    bool short_ones;
    uint8_t value[GB_LIMIT_DIGEST];
    size_t next; /* entries replayed so far */
};

/* From zero. */
void replay_ima_init(struct replay_ima *state, enum digest_alg alg, bool padded);

/*
 * Replays entries from state->next on until the value equals `quoted` (digest_size bytes; NULL: to
 * the end). *ret_matched says whether it was reached; when it already holds before the first entry,
 * nothing is replayed. Violations extend ones. Entries of another PCR than 10 are passed over: this
 * replay proves nothing of them.
 */
GB_MUST_USE int replay_ima_run(struct digester *digester, const struct ima_log *log,
                               const uint8_t *quoted, struct replay_ima *state, bool *ret_matched,
                               struct gb_err *err);

/* Recomputes the template digest of entries [from, to) and adds a finding for each that differs:
 * the record was edited. Violations have no digest to compare. */
GB_MUST_USE int replay_ima_templates(struct digester *digester, const struct ima_log *log,
                                     size_t from, size_t to, struct gb_findings *findings,
                                     struct gb_err *err);

struct replay_ima_answer {
    bool matched;      /* states[0] equals `quoted` */
    size_t mismatches; /* entries replayed whose template digest is not that of their data */
};

/*
 * replay_ima_run for several banks at once, and the check of every template digest, in one loop
 * that hashes each entry once per algorithm. All states start at the same entry and stop together:
 * where states[0] equals `quoted`, or at the end. `bad` (NULL, or log->count flags) is set true for
 * each entry that differs and is untouched elsewhere.
 */
GB_MUST_USE int replay_ima_pass(struct digester *digester, const struct ima_log *log,
                                const uint8_t *quoted, struct replay_ima *states, size_t count,
                                bool *bad, struct replay_ima_answer *ret_answer,
                                struct gb_err *err);

/*
 * What verify() wants of one bank: replays from *state to the quoted value; from the start of a
 * list also tries the padded forms (then state->padded says so). When it matches, every entry
 * before state->next whose template digest differs is a finding; entries after it are not looked
 * at. When it does not, *state is as if the whole list had been replayed plainly, and all entries
 * that differ are findings, for blame. That the value was not reached is the caller's finding.
 */
GB_MUST_USE int replay_ima_prove(struct digester *digester, const struct ima_log *log,
                                 const uint8_t *quoted, struct replay_ima *state, bool *ret_matched,
                                 struct gb_findings *findings, struct gb_err *err);

#endif
