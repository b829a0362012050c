/*
 * Carries the documents in force to garboard-keyd, which judges by what officers signed and
 * believes nobody else. At an apply keyd judges them first (a trial), then they are durable in the
 * store, then keyd takes them, then they are in force here and acknowledged. So whatever crashes
 * between: the store has what keyd has or something newer, and sends it again at the next start;
 * keyd never judges by older documents than were acknowledged.
 */
#ifndef GB_SERVER_COURIER_H
#define GB_SERVER_COURIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "rpc/keyd.h"
#include "store/store.h"

struct server;

enum courier_state {
    COURIER_NONE,    /* nothing was tried yet */
    COURIER_THERE,   /* keyd has all that is stored */
    COURIER_WAITING, /* keyd did not answer: tried again */
    COURIER_REFUSED, /* keyd said no: tried again, but it wants a hand */
};

struct courier {
    _Atomic int state;
    atomic_bool
        agreed;        /* keyd has taken what is in force since we started, and not refused since */
    atomic_bool again; /* keyd may have been given other documents since: ask it once more */
    int64_t wait_ms;   /* until the next try; of the main loop only */
    int64_t next_ms;
};

/* Whether people may change things by what is in force: keyd has agreed to it. Until then a
 * database that was set back could have brought old roles back. */
bool courier_agreed(const struct server *server);

/* "ok", or what is wrong, for /readyz. */
const char *courier_word(enum courier_state state);

/* In a worker: gives keyd `documents`, or only asks whether it would take them. Codes of
 * keyd_policy. */
GB_MUST_USE int courier_send(struct keyd_client *keyd, struct gb_arena *arena,
                             const struct store_document *documents, size_t count, bool trial,
                             struct gb_err *err);
/* What a send of all that is stored came to; logged when it is news. What keyd refuses does not
 * count here either (snapshot_fault) until it takes it. The caller holds `applying`. */
void courier_note(struct server *server, int result, const struct gb_err *err);

/* Before the first request is served: what is stored, if keyd is there at once. */
void courier_start(struct server *server);
/* From the main loop, each second or so: tries again in the pool while keyd lacks something. */
void courier_tick(struct server *server);

#endif
