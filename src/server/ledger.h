/*
 * The service's ledger: a thread that seals minutes, appends what was committed, has it signed, and
 * says when it cannot. Writes of handlers do not wait for it: a change is durable with its entry in
 * the store. But when entries stay unsigned for longer than `lag_ms`, or rows, files and keyd are
 * of different histories, it is stopped: whoever needs a record is refused until it goes on.
 */
#ifndef GB_SERVER_LEDGER_H
#define GB_SERVER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "server/round_log.h"
#include "server/sequencer.h"
#include "store/store.h"

struct ledger_conf {
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
};

struct ledger;

/* Opens and compares; starts nothing. GB_ERR_CONFIG says what does not agree and what to restore.
 * `store` must outlive it. */
GB_MUST_USE int ledger_open(const struct ledger_conf *conf, struct store *store,
                            struct ledger **ret_ledger, struct gb_err *err);
GB_MUST_USE int ledger_start(struct ledger *ledger, struct gb_err *err);
/* Signs what is committed, if that goes at once, and joins. */
void ledger_stop(struct ledger *ledger);
/* NULL is fine. */
void ledger_free(struct ledger *ledger);

/* Any thread, all below. */

struct round_log *ledger_rounds(struct ledger *ledger);
/* Whether what needs a record must be refused now. Costs nothing. */
bool ledger_stopped(struct ledger *ledger);

struct ledger_health {
    uint64_t entries; /* committed */
    uint64_t signed_size;
    int64_t lag_s; /* since when there is an unsigned one; 0: all are signed */
    bool stopped;
    char why[GB_LIMIT_ERR_TEXT]; /* the last failure, while it lasts; "" */
};
void ledger_health(struct ledger *ledger, struct ledger_health *ret_health);

/* A note of the same head with more signatures (copied) takes the checkpoint's place with the next
 * turn, unless a newer head does. False when out of memory. */
bool ledger_cosign(struct ledger *ledger, uint64_t size, struct gb_bytes note);

#endif
