/*
 * Verifies a whole ledger from its files and public keys, as a stranger does: every entry is
 * hashed, every tile compared, the root is computed anew and must be the one that the log's key
 * signed. That the log does not verify is an answer (`fault`), not an error.
 */
#ifndef GB_LEDGER_VERIFY_H
#define GB_LEDGER_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/checkpoint.h"

struct ledger_asked {
    struct checkpoint_trust trust;
    /* An older signed checkpoint (the whole note), or empty: its log must be the beginning of this
     * one. The log's own signature is asked of it, no cosignature. */
    struct gb_bytes since;
    /* Each entry in order, once its hash was compared; NULL: nobody looks. An error ends the walk.
     */
    int (*entry)(void *arg, uint64_t index, struct gb_bytes entry, struct gb_err *err);
    /* After each bundle; NULL: nobody waits. */
    void (*progress)(void *arg, uint64_t done, uint64_t size);
    void *arg;
};

struct ledger_report {
    struct checkpoint_opened opened; /* of what stands in the folder */
    const char *fault;               /* NULL: it verifies. Else what is wrong, printable */
    bool has_index;
    uint64_t index; /* the first entry that the fault speaks of */
    uint64_t done;  /* entries that were hashed and have their hash in the tiles */
    uint64_t back;  /* the caller's: entries with a time before that of the one before them */
    uint64_t since; /* size of the older checkpoint, 0 without one */
};

/* Borrows `asked`; the report points into the arena and into `asked`. GB_ERR_NOTFOUND (no folder,
 * no checkpoint), INPUT (the checkpoint is none), CONFIG (keys in the wrong part), IO, NOMEM, and
 * what `entry` returned. */
GB_MUST_USE int ledger_verify(struct gb_arena *arena, const char *path,
                              const struct ledger_asked *asked, struct ledger_report *ret_report,
                              struct gb_err *err);

#endif
