/*
 * What of a node's current boot is proven already, so that the next round need prove only what is
 * new. Plain bytes, no pointers. Only verify_next() writes it, and only from a proven quote.
 */
#ifndef GB_VERIFY_SEEN_H
#define GB_VERIFY_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "verify/replay_ima.h"

enum { SEEN_OTHERS = DIGEST_ALGS - 1 };

struct seen {
    bool known; /* a quote was proven: counters and clock must not go back */
    bool whole; /* boot logs and IMA list were proven up to here; else the next round brings all */
    enum digest_alg bank;    /* in which all was judged */
    uint8_t boot_log[32];    /* SHA-256 of the firmware's log that was proven */
    uint8_t boot_values[32]; /* SHA-256 over the selection and the quoted values but PCR 10 */
    struct replay_ima ima;   /* PCR 10 of `bank` so far; value zero when nothing was measured */
    size_t other_count;
    struct replay_ima others[SEEN_OTHERS]; /* the same of the other quoted banks */
    uint64_t clock_ms;                     /* TPM clock of the last proven quote */
    int64_t asked_s;                       /* when its nonce was issued */
    int64_t answered_s;                    /* when it was judged */
    uint32_t reset_count;
    uint32_t restart_count;
    bool rolled_back; /* counters or clock went back once: no later boot mends that */
};

#endif
