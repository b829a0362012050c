/* Who signed a CoRIM and for how long. Private to corim.c. */
#ifndef GB_REFERENCE_CORIM_HEADER_H
#define GB_REFERENCE_CORIM_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "reference/import/import.h"
#include "wire/cbor.h"
#include "wire/cose.h"

/* Seconds since 1970, UTC. */
struct corim_validity {
    bool has_from, has_to;
    int64_t from_s, to_s;
};

/* validity-map: times are tagged 1. Failure sticks. */
void corim_validity_read(struct cbor_reader *reader, struct corim_validity *ret_validity);
/* GB_ERR_DENIED sticks when `time_s` is outside. */
void corim_validity_check(struct cbor_reader *reader, const struct corim_validity *validity,
                          int64_t time_s, const char *what);

/* The protected header of a message whose signature verified: content type, corim-meta or CWT
 * claims (the two must agree), validity of the signature. *ret_signer is printable. GB_ERR_DENIED,
 * INPUT, NOMEM. */
GB_MUST_USE int corim_header_read(struct import *import, const struct cose_sign1 *message,
                                  int64_t time_s, const char **ret_signer, struct gb_err *err);

#endif
