/* Where in a text a version and a signature go. Within policy/ only. */
#ifndef GB_POLICY_SIGN_EDIT_H
#define GB_POLICY_SIGN_EDIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/documents/sign.h"
#include "policy/documents/signed.h"
#include "wire/yaml.h"

struct sign_edits {
    struct sign_text *text;
    struct sign_edit {
        size_t at; /* bytes */
        size_t remove;
        size_t order; /* of several at one place */
        const char *put;
    } *items; /* in the text's arena */
    size_t count;
    size_t char_at; /* the cursor: characters, as yaml_node counts, */
    size_t byte_at; /* and bytes */
};

GB_MUST_USE int sign_edits_new(struct sign_text *text, struct sign_edits *ret_edits,
                               struct gb_err *err);
GB_MUST_USE int sign_edit_version(struct sign_edits *edits, const struct yaml_node *document,
                                  uint64_t version, struct gb_err *err);
/* Beside those that are there; in place of an old one of the same key. */
GB_MUST_USE int sign_edit_signature(struct sign_edits *edits, const struct yaml_node *document,
                                    const struct signature *signature, struct gb_err *err);
/* The text with all edits; failure sticks in the buffer. */
void sign_edits_write(struct sign_edits *edits, struct gb_buf *out);

#endif
