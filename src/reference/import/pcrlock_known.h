/* Measurements whose bytes are the same on every machine, found by their digests: pcrlock files say
 * no more of them. Private to pcrlock.c. */
#ifndef GB_REFERENCE_PCRLOCK_KNOWN_H
#define GB_REFERENCE_PCRLOCK_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

enum { PCRLOCK_KNOWN_MAX = 32 };

struct pcrlock_known {
    struct {
        uint8_t digest[DIGEST_ALGS][64];
    } of[PCRLOCK_KNOWN_MAX];
};

/* What a measurement is known to be. */
struct pcrlock_word {
    const char *about; /* literal: "separator", ".linux" */
    bool is_section;   /* the name of a UKI's section; else our judge needs no reference for it */
    uint32_t from_pcr; /* where it has this meaning */
    uint32_t to_pcr;
};

/* Computes the digests once. */
GB_MUST_USE int pcrlock_known_init(struct pcrlock_known *known, struct digester *digester,
                                   struct gb_err *err);
/* By any digest that is given; NULL when it is none of them. `digests` by position in digest_algs.
 */
const struct pcrlock_word *pcrlock_known_find(const struct pcrlock_known *known, uint32_t pcr,
                                              const struct gb_bytes digests[DIGEST_ALGS]);

#endif
