/*
 * Those who co-sign the ledger (C2SP tlog-witness): each is pushed the newest signed checkpoint on
 * a thread of its own. A witness that does not answer holds up nobody else.
 *
 * Around a checkpoint the sequencer does:
 *     keyd signs the note
 *     witnesses_push(w, note, vkeys);           the witnesses are asked
 *     witnesses_wait(w, ms);                    those that answered last time, or the time is over
 *     witnesses_add_lines(w, note, &with);      the cosignatures of exactly this text
 *     log_set_checkpoint(log, with)             published with them; until then the old one stands
 * and later, when `changed` was called: witnesses_add_lines and log_set_checkpoint again.
 */
#ifndef GB_SERVER_WITNESSES_H
#define GB_SERVER_WITNESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/limits.h"

struct witnesses;

struct witnesses_conf {
    const struct conf_list *lines; /* witness = VKEY URL CA-FILE; CA files are read at once */
    const char *ledger;            /* folder of the log: proofs are made from its tiles */
    size_t quorum;                 /* so many must have co-signed; 0: they are a courtesy */
    int64_t lag_ms;                /* for at most so long may a quorum be missing */
    void (*changed)(void *ctx); /* a cosignature came that no witnesses_wait waited for, or a fork
                                   was proven: on a witness' thread; may be NULL. It must not call
                                   witnesses_stop. */
    void *ctx;
};

/* Reads the lines; no thread yet. GB_ERR_CONFIG for a line that says nothing sensible, or for a
 * quorum that so few witnesses cannot give; NOTFOUND, LIMIT, IO, NOMEM. Without lines a struct that
 * does nothing. */
GB_MUST_USE int witnesses_new(const struct witnesses_conf *conf, struct witnesses **ret_witnesses,
                              struct gb_err *err);
/* After the sandbox is closed. GB_ERR_IO. */
GB_MUST_USE int witnesses_start(struct witnesses *witnesses, struct gb_err *err);
/* Ends the threads; a request under way is waited for (seconds). Again is fine. */
void witnesses_stop(struct witnesses *witnesses);
/* Stops, too. NULL is fine. */
void witnesses_free(struct witnesses *witnesses);

/*
 * `note` is the newest checkpoint that keyd signed, whose tiles are flushed: of a larger size than
 * it there must be none, for a witness that knows a larger one with our signature proves that this
 * ledger was set back. `vkeys`: keyd's keys, one a line (struct keyd_ledger). Copies both. Any
 * thread. A failure is logged and counts as a witness that does not answer.
 */
void witnesses_push(struct witnesses *witnesses, struct gb_bytes note, const char *vkeys);
/* Until every witness that answered last time has co-signed what was pushed last, at most
 * `timeout_ms`. True: the quorum has. Any thread. */
bool witnesses_wait(struct witnesses *witnesses, int64_t timeout_ms);
/* Appends to `out` the note, and behind it the cosignatures of its very text. Look at gb_buf_ok.
 * Any thread. */
void witnesses_add_lines(struct witnesses *witnesses, struct gb_bytes note, struct gb_buf *out);

/* The same for what was pushed last. False when nobody has co-signed that (`out` is then as it
 * was), or out of memory. Any thread. */
GB_MUST_USE bool witnesses_latest(struct witnesses *witnesses, struct gb_buf *out);

struct witnesses_standing {
    size_t count;
    size_t cosigned;   /* how many have co-signed what was pushed last */
    size_t quorum;     /* as configured */
    bool late;         /* a quorum is missing for longer than lag_ms (never with quorum 0) */
    int64_t behind_ms; /* for how long a quorum is missing; with quorum 0: one cosignature */
    bool forked;       /* for ever: a witness holds another tree that our own key signed */
    char why[GB_LIMIT_ERR_TEXT]; /* what to tell when late or forked, else "" */
};
/* Any thread. */
void witnesses_stand(struct witnesses *witnesses, struct witnesses_standing *ret_standing);
/* Prometheus text: one line a witness. */
void witnesses_metrics(struct witnesses *witnesses, struct gb_buf *out);

#endif
