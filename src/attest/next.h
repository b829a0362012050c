/*
 * One attestation after another of the same boot: what is proven and judged already is carried on,
 * so that the cost of a round is the cost of what is new. The same three lines as attest(); the
 * difference is what they start from.
 */
#ifndef GB_ATTEST_NEXT_H
#define GB_ATTEST_NEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/attest.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "policy/judge/standing.h"
#include "policy/sets/said.h"
#include "result/verdict.h"
#include "verify/seen.h"

/* What we hold of a node's current boot. Plain bytes without pointers, at most 1 KB: assign to
 * copy, all zero is "nothing". It lives in the server's memory and, written by progress_write, in
 * its store. */
struct progress {
    struct seen seen; /* what is proven: boot values, PCR 10 so far, TPM clock and counters */
    struct standings standings; /* what policies made of it, link by link; while seen.whole */
    uint64_t trust_id;          /* of the trust that judged; another one wants all evidence again */
    /* Of what the machine said of itself when its boot was judged: other words choose other sets,
     * and what stands was not judged by these. While seen.whole. */
    uint8_t said[SAID_DIGEST];
};

/*
 * As attest(). With `before` empty, or with a whole boot log and an IMA list from entry 0 in the
 * bundle, everything is judged anew, and `before` only says what must not go backwards (T12:
 * resetCount, restartCount, clock, a hidden reboot). Otherwise the bundle continues:
 * boot_log_digest in place of the log, IMA entries from bundle->ima_from on. *ret_after replaces
 * `before` once the round is recorded; a round whose evidence is refused leaves it as it was, but
 * that a proven quote of a later boot ends what was held of the old one. The verdict's tiers are of
 * the whole chain so far, its findings those of this round. GB_ERR_AGAIN: the bundle continues from
 * what we do not hold (restart, reboot, new policy, an exception of it that ended, a log that is
 * another, other words of the machine about itself), or the nonce was quoted long before it was
 * sent back: ask for all, with a fresh nonce. asked->issued_s and ->time_s are the server's clock.
 */
GB_MUST_USE int attest_next(struct gb_arena *arena, struct digester *digester,
                            const struct trust *trust, const struct asked *asked,
                            const struct bundle *bundle, const struct progress *before,
                            struct progress *ret_after, struct claims *ret_claims,
                            struct verdict *ret_verdict, struct gb_err *err);

/* For the store: versioned bytes; reading another version gives an empty progress (all evidence is
 * asked for again). */
enum { PROGRESS_MAX = 1024 };
size_t progress_write(const struct progress *progress, uint8_t out[PROGRESS_MAX]);
void progress_read(struct gb_bytes in, struct progress *ret_progress);

/* Whether the next round may continue, and from which IMA entry; false: ask for everything. */
bool progress_continues(const struct progress *progress, const struct trust *trust,
                        uint64_t *ret_ima_from);

#endif
