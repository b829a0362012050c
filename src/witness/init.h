/* What `garboard-witness init` makes, and where it stands. */
#ifndef GB_WITNESS_INIT_H
#define GB_WITNESS_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/note.h"

enum { INIT_NAMES = 16 };

struct init_plan {
    const char *name;
    const char *names[INIT_NAMES + 1]; /* DNS names and addresses, NULL-terminated */
    const char *dir;                   /* absolute */
    const char *state;                 /* absolute */
    const char *listen;
    uint64_t port;
    bool user_missing; /* root runs us, and there is no user garboard-witness */
};

/* Spans live in the arena. Wiped by init_wipe. */
struct init_made {
    struct gb_bytes key;              /* Ed25519 */
    struct gb_bytes tls_key, tls_pem; /* the leaf, then its CA, whose key nobody keeps */
    struct gb_bytes ca_pem;
    char vkey[NOTE_VKEY];
};

/* GB_ERR_CONFIG for a name that no key may have. */
GB_MUST_USE int init_make(struct gb_arena *arena, const struct init_plan *plan,
                          struct init_made *ret_made, struct gb_err *err);
/* Writes all of it; GB_ERR_CONFIG when one of the files is there already: then nothing was changed.
 * Sets plan->user_missing. */
GB_MUST_USE int init_write(struct gb_arena *arena, struct init_plan *plan,
                           const struct init_made *made, struct gb_err *err);
void init_wipe(struct init_made *made);

#endif
