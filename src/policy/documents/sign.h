/*
 * Puts an officer's signature into documents (policy/documents/signed.h). Everything else stays
 * byte for byte, comments too. Pure: the caller reads and writes the files.
 */
#ifndef GB_POLICY_SIGN_H
#define GB_POLICY_SIGN_H

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
#include "wire/yaml.h"

/* One document on its way to a signature. */
struct sign_document {
    const char *kind; /* printable */
    const char *name;
    uint64_t version; /* 0: none stands there */
    /* The caller's: what to put in where no version stands (then it is signed with the rest); 0
     * leaves it so. */
    uint64_t add_version;
    bool is_signed; /* this signer's signature is there, and good: it stays */
    struct yaml_node *node;
};

/* Lines that signing put in: for who tells people of lines. */
struct sign_inserted {
    size_t before; /* the line of the input that they stand before, from 1 */
    size_t count;
};

struct sign_text {
    struct field_file file;
    struct gb_bytes text; /* borrowed */
    struct sign_document *documents;
    size_t count;
    struct sign_inserted *inserted; /* by sign_write, in order */
    size_t inserted_count;
};

/* Reads all documents of one text; `name` (a file) begins every error. GB_ERR_CONFIG, LIMIT, NOMEM.
 */
GB_MUST_USE int sign_read(struct gb_arena *arena, const char *name, struct gb_bytes text,
                          const struct signer *signer, struct sign_text *ret_text,
                          struct gb_err *err);
/* Each document as the server will read it (policy_check): nobody signs what cannot count.
 * GB_ERR_DENIED: one is not valid; LIMIT, NOMEM. */
GB_MUST_USE int sign_check(struct sign_text *text, struct gb_err *err);
/* The digest that would be signed, as if `version` stood in the document; see
 * signed_digest. 0: as it is. GB_ERR_NOMEM, LIMIT, BUG. */
GB_MUST_USE int sign_digest(struct sign_text *text, size_t i, uint64_t version, uint8_t out[32],
                            struct gb_err *err);
/* The text with the signer's signature in each document; its own old one is replaced, others stay.
 * The result is read again, and must be what was meant: a layout that cannot take a signature is
 * GB_ERR_CONFIG with file and line. NOMEM, LIMIT, BUG. */
GB_MUST_USE int sign_write(struct sign_text *text, const struct signer *signer, struct gb_buf *out,
                           struct gb_err *err);

#endif
