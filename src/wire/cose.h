/*
 * COSE_Sign1 (RFC 9052, 4.2), strict: the protected bytes are kept and verified as they came, a
 * label stands once in both headers together, the algorithm and what is critical stand in the
 * protected one, and what is critical and not known here is refused. The payload is carried, not
 * detached.
 */
#ifndef GB_WIRE_COSE_H
#define GB_WIRE_COSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "wire/cbor.h"

enum { COSE_TAG_SIGN1 = 18 };

/* Algorithms (RFC 9053, 2; RFC 8230, 2; RFC 9864). Those of RFC 9864 name the curve too. */
enum cose_alg {
    COSE_NONE = 0,
    COSE_ES256 = -7,
    COSE_EDDSA = -8,
    COSE_ESP256 = -9,
    COSE_ED25519 = -19,
    COSE_ES384 = -35,
    COSE_ES512 = -36,
    COSE_PS256 = -37,
    COSE_PS384 = -38,
    COSE_PS512 = -39,
    COSE_ESP384 = -51,
    COSE_ESP512 = -52,
};

/* A message as it came; spans point into the input. */
struct cose_sign1 {
    struct gb_bytes protected_bytes; /* what is signed of the headers */
    enum cose_alg alg;
    struct gb_bytes content_type; /* text; data NULL: none, or a number */
    struct gb_bytes kid;          /* data NULL: none. From either header: a hint */
    struct gb_bytes corim_meta;   /* header 8 (draft-ietf-rats-corim), CBOR; data NULL: none */
    struct gb_bytes cwt_claims;   /* header 15 (RFC 9597), CBOR; data NULL: none */
    bool is_hash_envelope;        /* header 258: the payload is a digest of what was signed */
    struct gb_bytes payload;      /* data NULL: detached */
    struct gb_bytes signature;
};

/* Reads what follows the tag 18 from `reader`, which goes on behind it. Failure sticks there. */
void cose_sign1_read(struct cbor_reader *reader, struct cose_sign1 *ret_message);

/*
 * Whether the message is signed by this key. False, with a reason (literal), for a signature that
 * does not verify, an algorithm that is not known, and one that the key cannot have: each algorithm
 * goes with one curve. GB_ERR_BUG, NOMEM, LIMIT.
 */
GB_MUST_USE int cose_sign1_verify(const struct cose_sign1 *message, struct digester *digester,
                                  const struct key *key, bool *ret_valid, const char **ret_reason,
                                  struct gb_err *err);

/* What a message of ours says; all of it is protected. */
struct cose_said {
    const char *content_type;
    struct gb_bytes kid;
    struct gb_bytes corim_meta; /* CBOR, or empty: left out */
    struct gb_bytes cwt_claims;
    struct gb_bytes payload;
};
/* Appends the tag 18 and the message, signed with ES256. GB_ERR_BUG, NOMEM, LIMIT. */
GB_MUST_USE int cose_sign1_write(const struct cose_said *said, const struct signer *signer,
                                 struct gb_buf *out, struct gb_err *err);

/* Sig_structure (RFC 9052, 4.4), which is what is signed: the two sides share it. */
void cose_to_be_signed(struct gb_buf *out, struct gb_bytes protected_bytes,
                       struct gb_bytes payload);

#endif
