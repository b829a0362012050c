/*
 * One entry of the ledger: one compact line of JSON with its members in fixed order,
 *
 *     {"v":1,"at":"2026-11-29T01:02:03.456Z","what":"node.enrol","who":W,"whom":W,"why":W,"data":{...}}
 *
 * where W is a text, or {"commitment":"<64 hex digits>"} for what is personal: names of people and
 * what they typed. A reader takes exactly what the writer writes, so an entry has one form and one
 * hash. docs/formats/ledger.md.
 */
#ifndef GB_LEDGER_ENTRY_H
#define GB_LEDGER_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "wire/json.h"

enum entry_what {
    ENTRY_NONE = 0,
#define X(name, word, help) name,
#include "ledger/entry_words.h"
#undef X
    ENTRY_WHATS
};

/* "node.enrol"; NULL for what is none. */
const char *entry_word(enum entry_what what);
/* ENTRY_NONE for an unknown word. */
enum entry_what entry_of_word(struct gb_bytes word);
/* What it records, for people; NULL for what is none. */
const char *entry_help(enum entry_what what);

enum { ENTRY_COMMITMENT = 32, ENTRY_SALT = 16 };

/* A text or a commitment; all zero is the empty text. */
struct entry_party {
    bool personal;
    struct gb_bytes text;                 /* unless personal: UTF-8 without NUL */
    uint8_t commitment[ENTRY_COMMITMENT]; /* when personal */
};

/* SHA-256("garboard.dev/ledger/v1/personal" || 0x00 || salt || value). The salt is the caller's: 16
 * random bytes, new for each commitment. Who forgets salt and value has erased the person, and the
 * entry still verifies. GB_ERR_BUG. */
GB_MUST_USE int entry_commit(struct digester *digester, const uint8_t salt[ENTRY_SALT],
                             struct gb_bytes value, uint8_t out[ENTRY_COMMITMENT],
                             struct gb_err *err);
/* Whether (salt, value) opens the commitment. GB_ERR_BUG. */
GB_MUST_USE int entry_opens(struct digester *digester, const uint8_t commitment[ENTRY_COMMITMENT],
                            const uint8_t salt[ENTRY_SALT], struct gb_bytes value, bool *ret_opens,
                            struct gb_err *err);

struct entry {
    int64_t at_ms; /* since 1970, UTC */
    enum entry_what what;
    struct entry_party who;  /* "server", "keyd", "node/<uuid>", or a person */
    struct entry_party whom; /* what it was done to: "node/<uuid>", "policy/<name>" */
    struct entry_party why;
    const struct json *data; /* borrowed; NULL is {} */
};

/* Appends the line, without a newline. GB_ERR_LIMIT above GB_LIMIT_ENTRY bytes, GB_ERR_BUG (what is
 * none, a text that is no UTF-8), NOMEM. */
GB_MUST_USE int entry_write(const struct entry *entry, struct gb_buf *out, struct gb_err *err);
/* Reads exactly what entry_write writes. *ret_entry borrows *ret_tree, which the caller frees
 * (json_free). A word that this program does not know is ENTRY_NONE with *ret_word naming it
 * (points into the tree; may be NULL): later versions write more words. GB_ERR_INPUT, LIMIT, NOMEM.
 */
GB_MUST_USE int entry_read(struct gb_bytes in, struct entry *ret_entry, struct gb_bytes *ret_word,
                           struct json **ret_tree, struct gb_err *err);

#endif
