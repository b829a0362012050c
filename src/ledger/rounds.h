/*
 * The minute files: a commitment to every attestation. While a minute is open its leaves and quotes
 * are appended to STATE/rounds/<YYYY-MM-DD>/<HHMM>.leaves.open and .quotes.open; sealed, the files
 * lose the ".open" and an entry "rounds" carries their root.
 * Pure: bytes in, bytes out; server/ writes the files.
 */
#ifndef GB_LEDGER_ROUNDS_H
#define GB_LEDGER_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/merkle.h"
#include "wire/json.h"

enum { ROUNDS_NODE = 16, ROUNDS_LEAF = 16 + 32 + 8 + 8 + 8 + 1 + 1 };

/* One attestation; 74 bytes, numbers big-endian, in this order. */
struct rounds_leaf {
    uint8_t node[ROUNDS_NODE];
    uint8_t quote[32];      /* SHA-256 of the TPMS_ATTEST */
    uint64_t verified_at_s; /* when its nonce was issued */
    uint64_t trust_id; /* names what it was judged by; the entry's "policies" says what that is */
    uint64_t policy_version;
    uint8_t tier; /* of the verdict: enum finding tiers as numbers of result/verdict.h */
    bool trusted;
};

void rounds_leaf_write(const struct rounds_leaf *leaf, uint8_t out[ROUNDS_LEAF]);
/* GB_ERR_INPUT: another length, a trusted byte that is neither 0 nor 1. */
GB_MUST_USE int rounds_leaf_read(struct gb_bytes in, struct rounds_leaf *ret_leaf,
                                 struct gb_err *err);

/* What re-verifies one quote, as it came. CBOR map with integer keys, behind its length (u16be). */
struct rounds_quote {
    uint8_t node[ROUNDS_NODE];
    struct gb_bytes attest;    /* TPMS_ATTEST */
    struct gb_bytes signature; /* TPMT_SIGNATURE */
    struct gb_bytes nonce;
    uint64_t issued_s;     /* when the nonce was issued */
    uint8_t transport[32]; /* fingerprint of the key that spoke TLS */
    uint8_t extras[32];    /* SHA-256 of the evidence items that no PCR covers */
};

/* Appends one record with its length. Failure sticks. */
void rounds_quote_write(const struct rounds_quote *quote, struct gb_buf *out);
/* Cuts the next record off `rest` (borrowed): 1, or 0 at the end of the file. GB_ERR_INPUT for a
 * record that is none, or that the file's end cuts. */
GB_MUST_USE int rounds_quote_next(struct gb_bytes *rest, struct rounds_quote *ret_quote,
                                  struct gb_err *err);

/* Merkle tree over the leaves in the file's order: each leaf's ROUNDS_LEAF bytes are one entry.
 * GB_ERR_INPUT when the length is no multiple of a leaf's. */
GB_MUST_USE int rounds_root(struct digester *digester, struct gb_bytes leaves,
                            uint8_t out[MERKLE_HASH], struct gb_err *err);
/* That leaf number `index` stands under that root. GB_ERR_NOTFOUND, INPUT. */
GB_MUST_USE int rounds_prove(struct digester *digester, struct gb_bytes leaves, uint64_t index,
                             struct merkle_proof *ret_proof, struct gb_err *err);

/* What the entry "rounds" says of a sealed minute:
 * {"minute":"2026-11-29T01:02:00Z","count":N,"root":"<hex>","policies":{"<trust_id>":"name version
 * N"}}. */
struct rounds_sealed {
    int64_t minute_s; /* its first second; a multiple of 60 */
    uint64_t count;   /* leaves, 1 or more */
    uint8_t root[MERKLE_HASH];
};

/* The entry's data; takes over `policies` (an object). NULL when out of memory. */
struct json *rounds_sealed_write(const struct rounds_sealed *sealed, struct json *policies);
/* GB_ERR_INPUT. */
GB_MUST_USE int rounds_sealed_read(const struct json *data, struct rounds_sealed *ret_sealed,
                                   struct gb_err *err);

enum { ROUNDS_PATH = 32 };
/* "2026-11-29/0102" below STATE/rounds; ".leaves" or ".quotes" follows. */
void rounds_path(int64_t minute_s, char out[ROUNDS_PATH]);

#endif
