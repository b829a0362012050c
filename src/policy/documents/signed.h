/*
 * Signatures of officers, which travel in the document: metadata.signatures, a list of {key:
 * SHA-256 of the officer's SubjectPublicKeyInfo in hex, value: r || s in base64}. Signed is
 * SHA-256-ECDSA (P-256) over "garboard.dev/document/v1", a NUL, and the canonical form of the
 * document's tree without metadata.signatures: deterministic CBOR (RFC 8949, 4.2.1), every value a
 * text string. So comments, quoting, order of keys and layout are free, the JSON of the same
 * document has the same signature, and a value changed, added or taken away breaks it.
 * docs/formats/policy.md, docs/adr/0011.
 */
#ifndef GB_POLICY_SIGNED_H
#define GB_POLICY_SIGNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/signer.h"
#include "policy/documents/field.h"
#include "policy/policy.h"
#include "wire/yaml.h"

enum { SIGNATURE_KEY_LEN = 32, SIGNATURE_LEN = 64 };

/* What was found of one signature. NONE: not looked at, and never a yes. */
enum signature_state {
    SIGNATURE_NONE,
    SIGNATURE_GOOD,
    SIGNATURE_BAD,         /* of a known officer, but not over this document */
    SIGNATURE_UNKNOWN_KEY, /* of none of the officers given */
};

struct signature {
    uint8_t key[SIGNATURE_KEY_LEN];
    uint8_t value[SIGNATURE_LEN];
    enum signature_state state;
    const struct yaml_node *node; /* where it stands */
};

struct signature_list {
    struct signature *items; /* in the arena; each key once */
    size_t count;
    uint8_t digest[32]; /* of the document, where it was checked */
    size_t good;        /* different officers who signed this very document */
};

/* The officers' public keys. One user at a time: a key keeps the context of its last use. */
struct officers;
/* From PEM files, of P-256; a key that stands twice is one officer. GB_ERR_CONFIG names the file
 * and what to do; LIMIT, NOMEM. */
GB_MUST_USE int officers_read(const struct policy_file *pems, size_t count,
                              struct officers **ret_officers, struct gb_err *err);
void officers_free(struct officers *officers);
void officers_freep(struct officers **officers);
/* One officer: the public half of `signer`. GB_ERR_NOMEM, BUG. */
GB_MUST_USE int officers_of_signer(const struct signer *signer, struct officers **ret_officers,
                                   struct gb_err *err);
size_t officers_count(const struct officers *officers);
const uint8_t *officers_id(const struct officers *officers, size_t i);

/* The signed bytes: see above. `document` is a mapping. At most GB_LIMIT_CANONICAL bytes are
 * written to `out`. GB_ERR_LIMIT, NOMEM. */
GB_MUST_USE int signed_bytes(struct gb_arena *arena, const struct yaml_node *document,
                             struct gb_buf *out, struct gb_err *err);
/* SHA-256 of the signed bytes: two documents with the same digest say the same. GB_ERR_LIMIT,
 * NOMEM, BUG. */
GB_MUST_USE int signed_digest(struct gb_arena *arena, const struct yaml_node *document,
                              uint8_t out[32], struct gb_err *err);

/* metadata.signatures, not verified; none is an empty list. GB_ERR_CONFIG names line and what is
 * wrong (a key that signs twice, too), NOMEM. */
GB_MUST_USE int signed_list_read(const struct field_file *file, const struct yaml_node *document,
                                 struct signature_list *ret_list, struct gb_err *err);
/* Reads and verifies: each item's state, and how many different officers signed. A signature that
 * is none is an answer, not an error. GB_ERR_CONFIG (form), LIMIT, NOMEM, BUG. */
GB_MUST_USE int signed_check(const struct field_file *file, const struct yaml_node *document,
                             const struct officers *officers, struct signature_list *ret_list,
                             struct gb_err *err);

#endif
