#include "server/ledger/scribe.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "server/ledger/round_log.h"
#include "server/ledger/round_seal.h"
#include "server/ledger/sequencer.h"
#include "store/store.h"

enum { PRUNE_MS = 3600 * 1000 };

struct scribe {
    struct scribe_conf conf;
    struct store *store;
    struct sequencer *sequencer;
    struct round_log *rounds;
    struct digester *digester;
    pthread_t thread;
    bool running;
    int64_t prune_ms;          /* when the folder of rounds is tidied next */
    _Atomic int64_t behind_ms; /* since when something is not signed; 0: all is */
    atomic_bool differs;       /* rows, files and signer are of different histories */
    atomic_bool halted;        /* for a reason of others */
    const char *_Atomic held;  /* scribe_hold; NULL: not */
    pthread_mutex_t lock;      /* guards all below */
    pthread_cond_t wake;
    bool stopping;
    uint64_t signed_size;
    char why[GB_LIMIT_ERR_TEXT];
    uint64_t cosigned_size;
    struct gb_arena *cosigned_in; /* owned; NULL: nothing waits */
    struct gb_bytes cosigned;
};

static void wait_for_turn(struct scribe *scribe)
{
    struct timespec at = {0};
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(scribe->conf.interval_ms / 1000);
    at.tv_nsec += (long)(scribe->conf.interval_ms % 1000) * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    int r = 0;
    pthread_mutex_lock(&scribe->lock);
    while (!scribe->stopping && r == 0)
        r = pthread_cond_timedwait(&scribe->wake, &scribe->lock, &at);
    pthread_mutex_unlock(&scribe->lock);
}

static void take_cosigned(struct scribe *scribe)
{
    struct gb_err err;
    pthread_mutex_lock(&scribe->lock);
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_take(scribe->cosigned_in);
    struct gb_bytes note = scribe->cosigned;
    uint64_t size = scribe->cosigned_size;
    pthread_mutex_unlock(&scribe->lock);
    if (!arena)
        return;
    int r = sequencer_cosigned(scribe->sequencer, size, note, &err);
    if (r < 0 && r != GB_ERR_AGAIN)
        gb_log_err(GB_LOG_ERROR, "cosignature-not-kept", &err);
}

static void prune(struct scribe *scribe)
{
    struct gb_err err;
    int64_t now_s = gb_clock_s();
    if (gb_clock_ms() < scribe->prune_ms)
        return;
    scribe->prune_ms = gb_clock_ms() + PRUNE_MS;
    if (round_prune(round_log_folder(scribe->rounds), now_s, now_s - scribe->conf.quotes_keep_s,
                    now_s - scribe->conf.rounds_keep_s, &err) < 0)
        gb_log_err(GB_LOG_ERROR, "rounds-not-removed", &err);
}

/* Rounds first: a minute that is sealed in this turn is signed in it. */
static int work(struct scribe *scribe, bool last, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *note = NULL;
    if (!arena)
        return gb_err_nomem(err);
    int r = round_log_sync(scribe->rounds, err);
    if (r == GB_OK && !last) /* the stop's entry is the last one: the next start seals */
        r = round_seal(scribe->rounds, scribe->store, scribe->digester, gb_clock_s(), gb_clock_ms(),
                       err);
    struct gb_err *step_err = r < 0 ? NULL : err;
    int signed_r = sequencer_step(scribe->sequencer, arena, &note, step_err);
    if (note && scribe->conf.on_signed)
        scribe->conf.on_signed(scribe->conf.ctx, sequencer_signed(scribe->sequencer), note);
    return r < 0 ? r : signed_r;
}

static bool all_signed(struct scribe *scribe)
{
    uint64_t first, next;
    store_entry_range(scribe->store, &first, &next);
    return sequencer_signed(scribe->sequencer) >= next;
}

/* Said once, and once more when it is over. */
static void tell(struct scribe *scribe, int result, const struct gb_err *err)
{
    pthread_mutex_lock(&scribe->lock);
    bool was = scribe->why[0] != '\0';
    bool news = result < 0 ? strcmp(scribe->why, err->text) != 0 : was;
    snprintf(scribe->why, sizeof scribe->why, "%s", result < 0 ? err->text : "");
    scribe->signed_size = sequencer_signed(scribe->sequencer);
    pthread_mutex_unlock(&scribe->lock);
    if (news && result < 0)
        gb_log_err(GB_LOG_ERROR, "ledger-behind", err);
    else if (news)
        gb_log_event(GB_LOG_INFO, "ledger-goes-on");
}

/* Others' reasons are told as our own are. */
static bool is_halted(struct scribe *scribe, struct gb_err *err, int *result)
{
    char why[GB_LIMIT_ERR_TEXT] = "";
    if (!scribe->conf.halted || !scribe->conf.halted(scribe->conf.halted_ctx, why))
        return false;
    if (*result == GB_OK)
        *result = gb_err_set(err, GB_ERR_AGAIN, "%s", why);
    return true;
}

static void turn(struct scribe *scribe, bool last)
{
    struct gb_err err = {0};
    int64_t began_ms = gb_clock_ms();
    if (atomic_load(&scribe->behind_ms) == 0 && !all_signed(scribe))
        atomic_store(&scribe->behind_ms, began_ms);
    int r = work(scribe, last, &err);
    if (r == GB_OK) /* what came meanwhile is younger than this turn */
        atomic_store(&scribe->behind_ms, all_signed(scribe) ? 0 : began_ms);
    else if (atomic_load(&scribe->behind_ms) == 0)
        atomic_store(&scribe->behind_ms, began_ms);
    atomic_store(&scribe->differs, r == GB_ERR_CONFIG || r == GB_ERR_DENIED);
    bool halted = is_halted(scribe, &err, &r);
    atomic_store(&scribe->halted, halted);
    tell(scribe, r, &err);
    take_cosigned(scribe);
    prune(scribe);
}

static void *run(void *ctx)
{
    struct scribe *scribe = ctx;
    bool stopping = false;
    while (!stopping) {
        wait_for_turn(scribe);
        pthread_mutex_lock(&scribe->lock);
        stopping = scribe->stopping;
        pthread_mutex_unlock(&scribe->lock);
        turn(scribe, stopping);
    }
    return NULL;
}

static void init_locks(struct scribe *scribe)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&scribe->lock, NULL);
    pthread_cond_init(&scribe->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static int open_rounds(struct scribe *scribe, struct gb_arena *arena, struct gb_err *err)
{
    char *folder = gb_arena_printf(arena, "%s/rounds", scribe->conf.state);
    int64_t sealed;
    if (!folder)
        return gb_err_nomem(err);
    int r = store_rounds_sealed(scribe->store, &sealed, err);
    return r < 0 ? r : round_log_open(folder, sealed, &scribe->rounds, err);
}

static int open_all(struct scribe *scribe, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    char *folder = arena ? gb_arena_printf(arena, "%s/ledger", scribe->conf.state) : NULL;
    if (!folder)
        return gb_err_nomem(err);
    int r = digester_new(&scribe->digester, err);
    if (r == GB_OK)
        r = sequencer_open(folder, scribe->store, &scribe->conf.signer, &scribe->sequencer, err);
    if (r == GB_OK)
        r = open_rounds(scribe, arena, err);
    if (r == GB_OK)
        scribe->signed_size = sequencer_signed(scribe->sequencer);
    return r;
}

int scribe_open(const struct scribe_conf *conf, struct store *store, struct scribe **ret_scribe,
                struct gb_err *err)
{
    struct scribe *scribe = gb_calloc(1, sizeof *scribe);
    if (!scribe)
        return gb_err_nomem(err);
    scribe->conf = *conf;
    scribe->store = store;
    init_locks(scribe);
    int r = open_all(scribe, err);
    scribe->conf.state = NULL; /* the caller's */
    if (r < 0) {
        scribe_free(scribe);
        return r;
    }
    *ret_scribe = scribe;
    return GB_OK;
}

int scribe_start(struct scribe *scribe, struct gb_err *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int sys = pthread_create(&scribe->thread, NULL, run, scribe);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (sys != 0)
        return gb_err_sys(err, sys, "cannot start the ledger's thread: %s", strerrordesc_np(sys));
    scribe->running = true;
    return GB_OK;
}

void scribe_stop(struct scribe *scribe)
{
    if (!scribe || !scribe->running)
        return;
    pthread_mutex_lock(&scribe->lock);
    scribe->stopping = true;
    pthread_cond_signal(&scribe->wake);
    pthread_mutex_unlock(&scribe->lock);
    pthread_join(scribe->thread, NULL);
    scribe->running = false;
}

void scribe_free(struct scribe *scribe)
{
    if (!scribe)
        return;
    scribe_stop(scribe);
    sequencer_free(scribe->sequencer);
    round_log_free(scribe->rounds);
    digester_free(scribe->digester);
    gb_arena_free(scribe->cosigned_in);
    pthread_mutex_destroy(&scribe->lock);
    pthread_cond_destroy(&scribe->wake);
    gb_free(scribe);
}

struct round_log *scribe_rounds(struct scribe *scribe)
{
    return scribe->rounds;
}

bool scribe_stopped(struct scribe *scribe)
{
    int64_t behind_ms = atomic_load(&scribe->behind_ms);
    return atomic_load(&scribe->held) || atomic_load(&scribe->differs) ||
           atomic_load(&scribe->halted) ||
           (behind_ms != 0 && gb_clock_ms() - behind_ms > scribe->conf.lag_ms);
}

void scribe_health(struct scribe *scribe, struct scribe_health *ret_health)
{
    uint64_t first;
    int64_t behind_ms = atomic_load(&scribe->behind_ms);
    store_entry_range(scribe->store, &first, &ret_health->entries);
    ret_health->lag_s = behind_ms == 0 ? 0 : (gb_clock_ms() - behind_ms) / 1000;
    ret_health->stopped = scribe_stopped(scribe);
    pthread_mutex_lock(&scribe->lock);
    ret_health->signed_size = scribe->signed_size;
    memcpy(ret_health->why, scribe->why, sizeof ret_health->why);
    pthread_mutex_unlock(&scribe->lock);
    const char *held = atomic_load(&scribe->held);
    if (held && ret_health->why[0] == '\0')
        snprintf(ret_health->why, sizeof ret_health->why, "%s", held);
    if (ret_health->stopped && ret_health->why[0] == '\0') /* no turn has come to its end */
        snprintf(ret_health->why, sizeof ret_health->why,
                 "the ledger's thread has been at work for %" PRId64
                 " s without an end: its disk may be slow, or garboard-keyd",
                 ret_health->lag_s);
}

void scribe_hold(struct scribe *scribe, const char *why)
{
    atomic_store(&scribe->held, why);
}

bool scribe_cosign(struct scribe *scribe, uint64_t size, struct gb_bytes note)
{
    struct gb_arena *arena = gb_arena_new();
    struct gb_bytes copy = arena ? gb_arena_copy(arena, note) : gb_bytes(NULL, 0);
    if (!copy.data) {
        gb_arena_free(arena);
        return false;
    }
    pthread_mutex_lock(&scribe->lock);
    struct gb_arena *old = scribe->cosigned_in;
    scribe->cosigned_in = arena;
    scribe->cosigned = copy;
    scribe->cosigned_size = size;
    pthread_mutex_unlock(&scribe->lock);
    gb_arena_free(old);
    return true;
}
