/* Quote signature and the key that made it. */
#ifndef GB_VERIFY_SIGNATURE_H
#define GB_VERIFY_SIGNATURE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/bundle.h"

/*
 * Judges what a quote says of itself: magic and type (T07), the AK's attributes and strength (T06),
 * that ak.pub and ak.pem agree, scheme and hash (SHA-256 or longer, and the key's own scheme when
 * it is fixed), the signature over the exact bytes. *ret_proven only when all of that holds.
 * `known` (NULL: none) is the key of ak.pub, parsed earlier.
 */
GB_MUST_USE int signature_judge(struct gb_arena *arena, struct digester *digester,
                                const struct evidence *evidence, const struct key *known,
                                bool *ret_proven, struct gb_findings *findings, struct gb_err *err);

struct signature_answer {
    const char *with; /* "RSASSA with sha256", for messages */
    bool accepted;    /* a scheme and hash that may be believed, and the key's own */
    bool valid;       /* accepted, and signs evidence->raw->quote */
};

/* The signature alone, of whatever attestation evidence->raw->quote is. Judges no key. */
GB_MUST_USE int signature_check(struct gb_arena *arena, struct digester *digester,
                                const struct evidence *evidence, const struct key *key,
                                struct signature_answer *ret_answer, struct gb_err *err);

#endif
