#include "server/ledger/witnessed.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "rpc/keyd.h"
#include "server/config.h"
#include "server/ledger/scribe.h"
#include "server/ledger/sequencer.h"
#include "server/ledger/witnesses.h"

enum { WAIT_MS = 500 };

struct witnessed {
    struct sequencer_signer inner;
    struct witnesses *witnesses;
    struct scribe *scribe; /* borrowed */
};

/* ---- what comes late ---- */

static int publish(struct witnessed *w, struct gb_arena *arena, struct gb_bytes note,
                   struct gb_err *err)
{
    struct note read;
    struct checkpoint head;
    int r = note_read(arena, note, &read, err);
    if (r == GB_OK)
        r = checkpoint_read(read.text, &head, err);
    if (r == GB_OK && !scribe_cosign(w->scribe, head.size, note))
        r = gb_err_nomem(err);
    return r;
}

/* On a witness' thread. */
static void changed(void *ctx)
{
    struct witnessed *w = ctx;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(gb_buf_done) struct gb_buf note;
    struct gb_err err = {0};
    gb_buf_init(&note, GB_LIMIT_NOTE);
    int r = arena ? GB_OK : gb_err_nomem(&err);
    if (r == GB_OK && witnesses_latest(w->witnesses, &note))
        r = publish(w, arena, gb_buf_bytes(&note), &err);
    if (r < 0)
        gb_log_err(GB_LOG_ERROR, "cosignature-not-kept", &err);
}

/* ---- sign ---- */

static int state(void *ctx, struct gb_arena *arena, struct keyd_ledger *ret_ledger,
                 struct gb_err *err)
{
    struct witnessed *w = ctx;
    return w->inner.state(w->inner.ctx, arena, ret_ledger, err);
}

/* The note with what witnesses said to it in time. */
static int add_cosignatures(struct witnessed *w, struct gb_arena *arena, const char **note,
                            struct gb_err *err)
{
    struct keyd_ledger ledger = {0};
    gb_cleanup(gb_buf_done) struct gb_buf with;
    int r = w->inner.state(w->inner.ctx, arena, &ledger, err); /* its keys may have changed */
    if (r < 0)
        return r;
    witnesses_push(w->witnesses, gb_bytes_str(*note), ledger.vkeys ? ledger.vkeys : "");
    (void)witnesses_wait(w->witnesses, WAIT_MS); /* a missing quorum is told by witnessed_halted */
    gb_buf_init(&with, GB_LIMIT_NOTE);
    witnesses_add_lines(w->witnesses, gb_bytes_str(*note), &with);
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&with));
    if (!gb_buf_ok(&with) || !copy.data)
        return gb_err_nomem(err);
    *note = (const char *)copy.data;
    return GB_OK;
}

static int sign(void *ctx, struct gb_arena *arena, const struct keyd_ledger_ask *ask,
                const char **ret_note, struct gb_err *err)
{
    struct witnessed *w = ctx;
    struct witnesses_standing standing;
    witnesses_stand(w->witnesses, &standing);
    if (standing.forked)
        return gb_err_set(err, GB_ERR_DENIED, "%s", standing.why);
    int r = w->inner.sign(w->inner.ctx, arena, ask, ret_note, err);
    if (r < 0 || standing.count == 0)
        return r;
    struct gb_err why = {0};
    if (add_cosignatures(w, arena, ret_note, &why) < 0) /* it is signed all the same */
        gb_log_err(GB_LOG_WARNING, "witnesses-not-asked", &why);
    witnesses_stand(w->witnesses, &standing);
    return standing.forked ? gb_err_set(err, GB_ERR_DENIED, "%s", standing.why) : GB_OK;
}

struct sequencer_signer witnessed_signer(struct witnessed *w, struct sequencer_signer inner)
{
    w->inner = inner;
    return (struct sequencer_signer){.state = state, .sign = sign, .ctx = w};
}

bool witnessed_halted(void *ctx, char why[GB_LIMIT_ERR_TEXT])
{
    struct witnessed *w = ctx;
    struct witnesses_standing standing;
    witnesses_stand(w->witnesses, &standing);
    if (standing.forked || standing.late)
        (void)snprintf(why, GB_LIMIT_ERR_TEXT, "%s", standing.why);
    return standing.forked || standing.late;
}

/* ---- life ---- */

int witnessed_new(const struct config *config, struct witnessed **ret_witnessed, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct witnessed *w = gb_calloc(1, sizeof *w);
    const char *folder = arena ? gb_arena_printf(arena, "%s/ledger", config->state) : NULL;
    if (!w || !folder) {
        gb_free(w);
        return gb_err_nomem(err);
    }
    const struct witnesses_conf conf = {.lines = &config->witness,
                                        .ledger = folder,
                                        .quorum = (size_t)config->witness_quorum,
                                        .lag_ms = config->ledger_lag_s * 1000,
                                        .changed = changed,
                                        .ctx = w};
    int r = witnesses_new(&conf, &w->witnesses, err);
    if (r < 0)
        witnessed_free(w);
    else
        *ret_witnessed = w;
    return r;
}

int witnessed_start(struct witnessed *w, struct scribe *scribe, struct gb_err *err)
{
    w->scribe = scribe;
    return witnesses_start(w->witnesses, err);
}

void witnessed_stop(struct witnessed *w)
{
    if (w)
        witnesses_stop(w->witnesses);
}

void witnessed_free(struct witnessed *w)
{
    if (!w)
        return;
    witnesses_free(w->witnesses);
    gb_free(w);
}

void witnessed_stand(struct witnessed *w, struct witnesses_standing *ret_standing)
{
    witnesses_stand(w->witnesses, ret_standing);
}

void witnessed_metrics(struct witnessed *w, struct gb_buf *out)
{
    witnesses_metrics(w->witnesses, out);
}
