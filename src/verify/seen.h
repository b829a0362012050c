/*
 * What of a node's current boot is proven already, so that the next round need prove only what is
 * new. Plain bytes, no pointers. Only verify() writes it, and only from a proven quote.
 */
#ifndef GB_VERIFY_SEEN_H
#define GB_VERIFY_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "verify/replay_ima.h"

struct seen {
    bool whole; /* boot logs and IMA list were proven up to here; else the next round brings all */
    enum digest_alg bank;    /* in which all was judged */
    uint8_t boot_log[32];    /* SHA-256 of the boot log that was proven (and systemd's, if any) */
    uint8_t boot_values[32]; /* SHA-256 over the quoted values but PCR 10, and the selection */
    struct replay_ima ima;   /* PCR 10 so far */
    uint64_t clock_ms;       /* TPM clock of the last proven quote */
    int64_t asked_s;         /* when its nonce was issued */
    uint32_t reset_count;
    uint32_t restart_count;
};

#endif
