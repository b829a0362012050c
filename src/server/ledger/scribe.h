/*
 * The service's ledger: a thread that seals minutes, appends what was committed, has it signed, and
 * says when it cannot. Writes of handlers do not wait for it: a change is durable with its entry in
 * the store. But when entries stay unsigned for longer than `lag_ms`, or rows, files and keyd are
 * of different histories, it is stopped: whoever needs a record is refused until it goes on.
 */
#ifndef GB_SERVER_SCRIBE_H
#define GB_SERVER_SCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "server/ledger/round_log.h"
#include "server/ledger/sequencer.h"
#include "store/store.h"

struct scribe_conf {
    const char *state;   /* folder; `ledger` and `rounds` in it are made when they are missing */
    int64_t interval_ms; /* at most one checkpoint in that time */
    int64_t lag_ms;
    int64_t rounds_keep_s;
    int64_t quotes_keep_s;
    struct sequencer_signer signer;
    /* Runs on the ledger's thread after each new checkpoint (copied by who keeps it); must not
     * wait for anybody: a slow witness never delays a signature. NULL: nobody. */
    void (*on_signed)(void *ctx, uint64_t size, const char *note);
    void *ctx;
    /* Asked in each turn: whether the ledger must stop for a reason of others, and which. NULL:
     * never. */
    bool (*halted)(void *ctx, char why[GB_LIMIT_ERR_TEXT]);
    void *halted_ctx;
};

struct scribe;

/* Opens and compares; starts nothing. GB_ERR_CONFIG says what does not agree and what to restore.
 * `store` must outlive it. */
GB_MUST_USE int scribe_open(const struct scribe_conf *conf, struct store *store,
                            struct scribe **ret_scribe, struct gb_err *err);
GB_MUST_USE int scribe_start(struct scribe *scribe, struct gb_err *err);
/* Signs what is committed, if that goes at once, and joins. */
void scribe_stop(struct scribe *scribe);
/* NULL is fine. */
void scribe_free(struct scribe *scribe);

/* Any thread, all below. */

struct round_log *scribe_rounds(struct scribe *scribe);
/* Whether what needs a record must be refused now. Costs nothing. */
bool scribe_stopped(struct scribe *scribe);

struct scribe_health {
    uint64_t entries; /* committed */
    uint64_t signed_size;
    int64_t lag_s; /* since when there is an unsigned one; 0: all are signed */
    bool stopped;
    char why[GB_LIMIT_ERR_TEXT]; /* the last failure, while it lasts; "" */
};
void scribe_health(struct scribe *scribe, struct scribe_health *ret_health);

/* A note of the same head with more signatures (copied) takes the checkpoint's place with the next
 * turn, unless a newer head does. False when out of memory. */
bool scribe_cosign(struct scribe *scribe, uint64_t size, struct gb_bytes note);

/* What must be recorded before all else is not: nothing that needs a record is done, and it is told
 * why, until this is called with NULL. `why` is a constant. Any thread. */
void scribe_hold(struct scribe *scribe, const char *why);

#endif
