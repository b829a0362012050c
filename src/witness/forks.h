/*
 * Evidence that a log forked, in STATE/forks, three files each:
 *
 *     <log>-<checkpoint>.signed   what we co-signed, as signed by the log and by us
 *     <log>-<checkpoint>.refused  the request that does not grow from it, as it came
 *     <log>-<checkpoint>.why      "fork" or "suspect", when, the log, sizes; written last
 *
 * A fork is proven by the files alone. A suspect is a rightly signed checkpoint that came with a
 * proof which does not hold: a broken sender makes one, a fork too; it goes when we co-sign the
 * same checkpoint later.
 */
#ifndef GB_WITNESS_FORKS_H
#define GB_WITNESS_FORKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct forks;

/* Counts what is there. GB_ERR_IO, LIMIT, NOMEM. */
GB_MUST_USE int forks_open(const char *state, struct forks **ret_forks, struct gb_err *err);
void forks_free(struct forks *forks);

enum forks_kind { FORKS_SUSPECT, FORKS_PROVEN };

struct forks_case {
    enum forks_kind kind;
    const char *origin;
    uint64_t signed_size;
    uint64_t refused_size;
    struct gb_bytes text;    /* of the refused checkpoint: what the log signed */
    struct gb_bytes signed_; /* whole notes */
    struct gb_bytes refused;
    int64_t at_s;
};
/* Keeps it, durably, and logs it; what is kept already is logged at most once a minute. More than
 * GB_LIMIT_FORKS (GB_LIMIT_SUSPECTS) are only logged. A failure is logged, too: the refusal stands
 * either way. Any thread. */
void forks_keep(struct forks *forks, const struct forks_case *what);
/* We co-sign this very text: it is no suspect any more. */
void forks_clear_suspect(struct forks *forks, const char *origin, struct gb_bytes text);
void forks_count(struct forks *forks, size_t *ret_proven, size_t *ret_suspects);

/* For `garboard-witness forks`: the .why of each, sorted by name; file names are in the arena. */
struct forks_kept {
    const char *name; /* without ".why", with its folder */
    struct gb_bytes why;
};
GB_MUST_USE int forks_list(struct gb_arena *arena, const char *state, struct forks_kept **ret_kept,
                           size_t *ret_count, struct gb_err *err);

#endif
