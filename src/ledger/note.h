/*
 * Signed notes (C2SP signed-note): a text, an empty line, and one line a signature. Two kinds of
 * signature are known: Ed25519 over the text (type 0x01: the log's own), and cosignature/v1 (type
 * 0x04, C2SP tlog-cosignature: a witness's, with its time). Nothing of a note's text may be
 * believed before note_verify said NOTE_SIGNED for a key that the caller trusts for it.
 */
#ifndef GB_LEDGER_NOTE_H
#define GB_LEDGER_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"

/* Signature types of the specification. */
enum note_kind { NOTE_KIND_NONE = 0, NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

/* Whose signatures are known: what a vkey says. */
struct note_key {
    enum note_kind kind;
    uint32_t id; /* the first 4 bytes of SHA-256(name || "\n" || kind || public) */
    uint8_t public[ED25519_PUBLIC];
    char name[GB_LIMIT_NOTE_NAME + 1]; /* no blanks, no "+", not empty */
};

/* GB_ERR_CONFIG for a name that no key may have, GB_ERR_BUG. */
GB_MUST_USE int note_key_make(struct digester *digester, const char *name, enum note_kind kind,
                              const uint8_t public[ED25519_PUBLIC], struct note_key *ret_key,
                              struct gb_err *err);
/* "name+id+base64(type || public)", blanks around it ignored; the id is computed again and must
 * agree. GB_ERR_CONFIG: it is the operator who wrote it. */
GB_MUST_USE int note_key_read(struct digester *digester, struct gb_bytes vkey,
                              struct note_key *ret_key, struct gb_err *err);
enum { NOTE_VKEY = GB_LIMIT_NOTE_NAME + 1 + 8 + 1 + 44 + 1 };
/* The same text, with its NUL. */
void note_key_write(const struct note_key *key, char out[NOTE_VKEY]);

/* One signature line as it came. */
struct note_line {
    struct gb_bytes line; /* whole, with its newline: for copying into another note */
    struct gb_bytes name;
    uint32_t id;
    struct gb_bytes signature; /* behind the id */
};

struct note {
    struct gb_bytes text; /* what is signed, with its last newline */
    const struct note_line *lines;
    size_t count; /* 1 or more */
};

/* Reads the form; verifies nothing. Borrows `in`. GB_ERR_INPUT, LIMIT (GB_LIMIT_NOTE bytes,
 * GB_LIMIT_NOTE_LINES signatures), NOMEM. */
GB_MUST_USE int note_read(struct gb_arena *arena, struct gb_bytes in, struct note *ret_note,
                          struct gb_err *err);

enum note_standing {
    NOTE_UNSIGNED = 0, /* no line of this key */
    NOTE_WRONG,        /* a line of this key that does not verify: the note is to be refused */
    NOTE_SIGNED
};

/* What the lines with the key's name and id are worth; all others are ignored. *ret_time_s (may be
 * NULL): when a cosignature says that it was made, else 0. GB_ERR_BUG, NOMEM. */
GB_MUST_USE int note_verify(const struct note *note, const struct note_key *key,
                            enum note_standing *ret_standing, uint64_t *ret_time_s,
                            struct gb_err *err);

/* Appends "text, empty line": what signature lines follow. The text must end in a newline. */
void note_begin(struct gb_buf *out, struct gb_bytes text);
/* Appends one signature line over `text`. `as` names the key that `key` holds (GB_ERR_BUG when it
 * is another one); `time_s` is read for a cosignature only. GB_ERR_BUG, NOMEM, LIMIT. */
GB_MUST_USE int note_sign(const struct ed25519 *key, const struct note_key *as,
                          struct gb_bytes text, uint64_t time_s, struct gb_buf *out,
                          struct gb_err *err);

#endif
