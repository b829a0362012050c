/* One log that is witnessed: who signs it, and what was co-signed of it. Private to witness.c,
 * wards.c and cosign.c. */
#ifndef GB_WITNESS_WARD_H
#define GB_WITNESS_WARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "witness/forks.h"
#include "witness/record.h"
#include "witness/witness.h"

struct ward_keys {
    struct note_key keys[GB_LIMIT_WARD_KEYS];
    size_t count; /* 0: not witnessed any more */
};

struct ward {
    char origin[GB_LIMIT_NOTE_NAME + 1];
    char hash[2 * 32 + 1]; /* SHA-256 of the origin */
    char *path;            /* owned; of the record */
    pthread_mutex_t lock;  /* of all that follows; held while the disk works, so that nobody
                              co-signs two roots of one size */
    struct ward_keys keys;
    struct digester *digester;
    struct record record;
    bool stale; /* a write failed: the file knows better */
};

/* Who co-signs. */
struct pen {
    struct ed25519 *key;
    struct note_key self;
    pthread_mutex_t lock; /* a private key has one user at a time */
    struct forks *forks;
};

struct witness {
    const struct witness_config *config; /* name, key, state: of the start */
    struct pen pen;
    pthread_mutex_t lock; /* of the table; a ward that is in it stays until the end */
    struct ward *wards[GB_LIMIT_CONF_ITEMS];
    size_t count;
    atomic_llong unknown_told_s; /* when the log last told of a key or origin that is unknown */
};

void ward_free(struct ward *ward);
/* NULL when there is none of that origin. */
struct ward *ward_find(struct witness *witness, struct gb_bytes origin);

/* A checkpoint that one of the ward's keys signed, not yet compared with what was co-signed. */
struct candidate {
    const struct add_checkpoint *ask;
    const struct note *note;
    const struct checkpoint *head;
    const struct note_line *const *lines; /* those of the ward's keys */
    size_t line_count;
    struct gb_bytes body; /* the request as it came, for evidence */
    int64_t now_s;
};

/* The ward's lock is held. Compares, makes durable, co-signs: every answer but 403 and 404. */
void cosign(struct pen *pen, struct ward *ward, struct gb_arena *arena,
            const struct candidate *candidate, struct witness_answer *ret_answer);

#endif
