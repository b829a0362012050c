/* --watch: ask every two seconds (each asking is an entry of the ledger), and show what changed. */
#ifndef GB_CLI_WATCH_H
#define GB_CLI_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

/* What was shown last, by name; only digests are kept. */
enum { WATCH_PAUSE_S = 2 };

struct watch {
    struct watch_seen {
        uint64_t name;
        uint64_t state;
    } *seen; /* owned: watch_done */
    size_t count;
    size_t cap;
    bool away; /* the server did not answer last time; it was said */
    bool wait; /* the answer is not there yet: try again */
};

void watch_done(struct watch *watch);
/* Whether `state` differs from what `name` had when asked last; it is noted. True for ever when out
 * of memory. */
bool watch_changed(struct watch *watch, const char *name, const char *state);

/* Calls `step` until it returns an exit code above 0 or an error that time does not heal: no answer
 * (GB_ERR_IO) is said once, then tried again. The arena is fresh for each step. */
GB_MUST_USE int watch_run(struct watch *watch,
                          int (*step)(void *ctx, struct gb_arena *arena, struct gb_err *err),
                          void *ctx, struct gb_err *err);

#endif
