/*
 * Changes a key of garboard-keyd in its folder of state, in two runs: the first makes the next key,
 * which is published beside the present one; the second makes it the one that signs. Each run is
 * one rename(2): whatever happens meanwhile, the folder holds a state that keyd can load. keyd
 * takes it at its next start or SIGHUP.
 */
#ifndef GB_CLI_SERVER_ROTATE_H
#define GB_CLI_SERVER_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/secret.h"
#include "os/file.h"

/* How long a next key must have been published before it signs: for who keeps an older key set. */
enum { ROTATION_WAIT_S = 10 * 60 };

struct rotation {
    struct gb_arena *arena;
    const char *state;        /* the folder */
    struct secret passphrase; /* empty: keys are not sealed */
    struct file_as as;        /* new files belong to the folder's owner */
    int lock_fd;              /* one rotation at a time */
    int64_t now_s;
    bool force; /* does not wait */
};

/* What stands there. An id is "" when there is no such key. */
struct rotation_keys {
    const char *present; /* signs */
    const char *next;
    int64_t next_since_s;
    const char *before; /* of tokens: still published */
};

/* What differs between tokens and ledger. */
struct rotation_kind {
    const char *name;    /* "token" */
    const char *present; /* file names */
    const char *next;
    /* A new key, sealed as the others. `pem` holds a secret. */
    int (*make)(const struct rotation *rotation, struct gb_buf *pem, struct gb_err *err);
    /* How its public half is called; GB_ERR_CONFIG when the passphrase does not open it. */
    int (*identify)(const struct rotation *rotation, struct gb_bytes pem, const char **ret_id,
                    struct gb_err *err);
    /* Which key is still published though it signs no more. */
    int (*find_before)(const struct rotation *rotation, const char **ret_id, struct gb_err *err);
    /* Before the next key takes the place of the present one: keeps what outlives it. */
    int (*leave)(const struct rotation *rotation, struct gb_bytes present_pem, struct gb_err *err);
    const char *at_rest; /* what to do next, in words; "%s" is the folder */
    const char *at_published;
    const char *at_turned; /* the second run was, or its key before is still published */
};

extern const struct rotation_kind rotation_token;
extern const struct rotation_kind rotation_ledger;

/* Opens the folder and locks it against another rotation. GB_ERR_CONFIG, NOTFOUND, IO, AGAIN. */
GB_MUST_USE int rotation_open(struct rotation *rotation, const char *passphrase_file,
                              struct gb_err *err);
void rotation_done(struct rotation *rotation);
GB_MUST_USE int rotation_look(const struct rotation *rotation, const struct rotation_kind *kind,
                              struct rotation_keys *ret_keys, struct gb_err *err);
/* The next run's step. *ret_done: what was done, in words. GB_ERR_AGAIN: too early; the text says
 * when. */
GB_MUST_USE int rotation_step(const struct rotation *rotation, const struct rotation_kind *kind,
                              const struct rotation_keys *keys, const char **ret_done,
                              struct gb_err *err);
/* A file of the folder; NULL when out of memory. */
const char *rotation_path(const struct rotation *rotation, const char *name);

#endif
