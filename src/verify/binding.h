/*
 * What a quote of the service answers: qualifyingData = SHA-256("garboard-quote-v1" NUL || u16be
 * nonce length || nonce || transport fingerprint || SHA-256(extras)). The transport fingerprint is
 * SHA-256 over the SubjectPublicKeyInfo of the key that spoke TLS; extras are the evidence items
 * that no PCR covers. Nothing is believed that neither a PCR nor this digest covers (T03: a relayed
 * quote names another transport key).
 */
#ifndef GB_VERIFY_BINDING_H
#define GB_VERIFY_BINDING_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

enum { BINDING_SIZE = 32 };

/* `extras` may be empty: its digest is then that of nothing. GB_ERR_BUG. */
GB_MUST_USE int binding_of(struct digester *digester, struct gb_bytes nonce,
                           const uint8_t transport[32], struct gb_bytes extras,
                           uint8_t out[BINDING_SIZE], struct gb_err *err);

#endif
