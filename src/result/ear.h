/*
 * A verdict as an EAT Attestation Result (draft-ietf-rats-ear-04), with AR4SI's trustworthiness
 * vector (draft-ietf-rats-ar4si-10): what relying parties that know nothing of us can read. Claims
 * only; keyd signs them. docs/tokens.md is the guide, and holds the same table as ear_links.
 */
#ifndef GB_RESULT_EAR_H
#define GB_RESULT_EAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "result/verdict.h"
#include "wire/json.h"

#define EAR_PROFILE "tag:ietf.org,2026:rats/ear#04"
#define EAR_SUBMOD  "node"         /* an attester: the node's TPM and what it measured */
#define EAR_OWN     "garboard.dev" /* our private claim (RFC 7519, 4.3), by a name that is ours */

/* AR4SI, 2.3: the aspects that a vector may speak of. */
enum ear_claim {
    EAR_CLAIM_NONE,
    EAR_INSTANCE_IDENTITY,
    EAR_CONFIGURATION,
    EAR_EXECUTABLES,
    EAR_FILE_SYSTEM,
    EAR_HARDWARE,
    EAR_RUNTIME_OPAQUE,
    EAR_STORAGE_OPAQUE,
    EAR_SOURCED_DATA,
    EAR_CLAIM_COUNT
};

/* "instance-identity"; "none" for what is none. */
const char *ear_claim_name(enum ear_claim claim);
/* EAR_CLAIM_NONE for a name that is none. */
enum ear_claim ear_claim_of(struct gb_bytes name);
/* "approved boot": AR4SI's meaning of a value, in words; a tier's for a value that it does not
 * list. */
const char *ear_value_words(enum ear_claim claim, uint64_t value);
/* The tier of a value (AR4SI, 2.3.2), 0 to 127; none for what is larger. */
enum gb_tier ear_value_tier(uint64_t value);

/* What each link says. 0: AR4SI has no value for it, so nothing is claimed. */
struct ear_link {
    enum ear_claim claim; /* none: this link stands in our own claim only */
    uint8_t affirming;
    uint8_t warning;
    uint8_t contraindicated;
};
extern const struct ear_link ear_links[GB_LINK_COUNT];

/*
 * The vector of a verdict; 0: no claim. A claim is as bad as its worst link. Among equals the link
 * that rests on the others speaks. It affirms only when none of its measured links went unjudged;
 * what was not judged is never claimed.
 */
void ear_vector(const struct verdict *verdict, uint8_t ret_vector[EAR_CLAIM_COUNT]);

/* Never better than the verdict and the worst claim. Without a policy nobody said what is good:
 * then never affirming nor warning, but none. */
enum gb_tier ear_status(const struct verdict *verdict);

/* One of those that a token speaks of: each has a submodule of its own. Borrowed. */
struct ear_attester {
    const char *name; /* EAR_SUBMOD; no two have the same */
    const struct verdict *verdict;
};

/* What is said of all of them. Everything is borrowed. */
struct ear {
    const struct ear_attester *attesters; /* at least one; the first is whom EAR_OWN speaks of */
    size_t attester_count;
    const char *build;       /* "garboard-keyd 0.1.0" */
    const char *issuer;      /* spiffe://.../keyd */
    const char *subject;     /* the attester: the SPIFFE ID of its certificate */
    const char *node;        /* its id, a UUID */
    const char *trust_id;    /* of what was believed when it was judged */
    struct gb_bytes nonce;   /* what the quote answers */
    struct gb_bytes quote;   /* SHA-256 over the TPMS_ATTEST */
    struct gb_bytes facts;   /* SHA-256 over its name, a NUL and its labels: by what its policy was
                                chosen; empty: by nothing */
    struct gb_bytes id;      /* jti: no two tokens have the same */
    int64_t issued_s;        /* and judged: since 1970, UTC */
    const char *verified_at; /* the same moment in RFC 3339 */
    int64_t life_s;
    bool trusted; /* as garboardd and keyd mean it */
};

/* The whole claims set of a JWT. NULL, or an object that will not print, when out of memory.
 * `arena` holds texts meanwhile. */
struct json *ear_json(struct gb_arena *arena, const struct ear *ear);

/* What the claims of a verified token say. Spans point into the claims. */
struct ear_said {
    enum gb_tier status;
    uint8_t vector[EAR_CLAIM_COUNT]; /* 0: no claim */
    struct gb_bytes policy;          /* the first of its ids; empty: none */
    struct gb_bytes build;           /* of the verifier */
    struct gb_bytes nonce;           /* eat_nonce, base64url; empty: none */
};
/* GB_ERR_INPUT: another profile, no submodule of ours, a status that is no word of AR4SI, a value
 * that is no number from 0 to 127. A claim that is not AR4SI's is passed over. */
GB_MUST_USE int ear_read(const struct json *claims, struct ear_said *ret_said, struct gb_err *err);

#endif
