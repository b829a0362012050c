/*
 * Known good values that others wrote, on their way into sets of ours: what the readers of CoRIM,
 * pcrlock, Keylime and checksum lists share. What has no place in a set becomes a note, so that
 * nothing is dropped in silence. Failure sticks: check import_finish, once.
 */
#ifndef GB_REFERENCE_IMPORT_H
#define GB_REFERENCE_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"

/* Digests of files in one algorithm, while they are gathered. */
struct import_list {
    struct gb_buf keys;
    struct gb_buf paths; /* struct gb_bytes, one after another */
    size_t count;
};

struct import_note {
    struct import_note *next;
    const char *text; /* printable */
};

struct import {
    struct gb_arena *arena;
    const char *name;    /* what names of new sets begin with */
    const char *source;  /* printable: what new sets say of where they are from */
    enum ref_class only; /* REF_NONE: sets of every class; else the others are noted */
    struct ref_set *sets;
    struct ref_set **set_tail;
    size_t set_count;
    struct import_note *notes;
    struct import_note **note_tail;
    size_t note_count;
    size_t notes_left_out;                 /* beyond GB_LIMIT_IMPORT_NOTES */
    struct import_list lists[DIGEST_ALGS]; /* by position in digest_algs */
    size_t weak;                           /* SHA-1 digests that were refused */
    size_t mapped;                         /* values that are in sets or lists */
    enum gb_err_code failed;
};

/* Borrows the texts, which outlive the import. */
void import_init(struct import *import, struct gb_arena *arena, const char *name,
                 enum ref_class only);
void import_done(struct import *import);

/* One item that no set can hold, in words for a person; strangers' bytes escaped first
 * (import_text). */
void import_note(struct import *import, const char *fmt, ...) GB_PRINTF(2, 3);
/* Strangers' bytes as text that is safe to print, cut to what a line holds; "" when out of memory,
 * which sticks. */
const char *import_text(struct import *import, struct gb_bytes text);

/* A file's digest, copied. Of SHA-1 it is refused and counted. `path` is raw bytes. */
void import_file(struct import *import, enum digest_alg alg, struct gb_bytes digest,
                 struct gb_bytes path);
/* The same from hex, whose length tells the algorithm: false when it is no such hex. */
GB_MUST_USE bool import_file_hex(struct import *import, struct gb_bytes hex, struct gb_bytes path);

/* A new set, named NAME-`suffix` and, where that is taken, NAME-`suffix`-2 and so on; NULL after a
 * failure. */
struct ref_set *import_new_set(struct import *import, enum ref_class cls, const char *suffix);
/* A set that has a name already: GB_ERR_INPUT sticks when the name is taken. */
void import_add_set(struct import *import, struct ref_set *set);
/* Appends a copy of `event` at `tail`; digests and texts are borrowed. The new tail. */
struct ref_event **import_event(struct import *import, struct ref_set *set, struct ref_event **tail,
                                const struct ref_event *event);
/* Remembers the first failure. */
void import_fail(struct import *import, enum gb_err_code code);

void import_list_init(struct import_list *list);
void import_list_done(struct import_list *list);
/* `digest` and `path` are copied. False when out of memory or past a ceiling. */
GB_MUST_USE bool import_list_add(struct import_list *list, struct gb_arena *arena,
                                 struct gb_bytes digest, struct gb_bytes path);
/* What was gathered, in the arena. */
GB_MUST_USE int import_list_take(const struct import_list *list, struct gb_arena *arena,
                                 enum digest_alg alg, struct ref_files *ret_files,
                                 struct gb_err *err);

/* Makes sets of the files that were gathered. The failure that stuck (GB_ERR_NOMEM, LIMIT, INPUT);
 * GB_ERR_INPUT when nothing at all could be mapped. */
GB_MUST_USE int import_finish(struct import *import, struct gb_err *err);

#endif
