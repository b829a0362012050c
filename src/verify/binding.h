/*
 * What each proof of the service answers. The words that name the purposes stand in binding.c
 * alone: who proves and who checks share these functions.
 *
 * A quote: qualifyingData = SHA-256("garboard-quote-v1" NUL || u16be
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

/* The same for who kept only the digest of the extras (the ledger's minute files). */
GB_MUST_USE int binding_of_digest(struct digester *digester, struct gb_bytes nonce,
                                  const uint8_t transport[32], const uint8_t extras[32],
                                  uint8_t out[BINDING_SIZE], struct gb_err *err);

enum { BINDING_NONCE = 32, BINDING_PROOF = 32 };

/* Who opened the challenge's secret: HMAC-SHA-256(secret, "garboard-enrol-v1" NUL || nonce).
 * GB_ERR_INPUT for a nonce of another length, BUG. */
GB_MUST_USE int binding_proof(struct gb_bytes secret, struct gb_bytes nonce,
                              uint8_t out[BINDING_PROOF], struct gb_err *err);

/* What the AK's certification of the transport key carries as qualifyingData:
 * SHA-256("garboard-certify-v1" NUL || answered). GB_ERR_BUG. */
GB_MUST_USE int binding_of_key(struct digester *digester, struct gb_bytes answered,
                               uint8_t out[BINDING_SIZE], struct gb_err *err);

enum { BINDING_NODE = 16 };

/* Which node an EK is, for good: the first 16 bytes of SHA-256("garboard-node-v1" NUL || ek) as a
 * UUIDv8 (RFC 9562, 5.8). `ek`: SHA-256 over its SubjectPublicKeyInfo. So nobody chooses an id, and
 * nobody needs to remember whose it is (T18). GB_ERR_BUG. */
GB_MUST_USE int binding_node(struct digester *digester, const uint8_t ek[32],
                             uint8_t out[BINDING_NODE], struct gb_err *err);

#endif
