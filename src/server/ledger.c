#include "server/ledger.h"

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
#include "server/round_seal.h"

enum { PRUNE_MS = 3600 * 1000 };

struct ledger {
    struct ledger_conf conf;
    struct store *store;
    struct sequencer *sequencer;
    struct round_log *rounds;
    struct digester *digester;
    pthread_t thread;
    bool running;
    int64_t prune_ms;          /* when the folder of rounds is tidied next */
    _Atomic int64_t behind_ms; /* since when something is not signed; 0: all is */
    atomic_bool differs;       /* rows, files and signer are of different histories */
    pthread_mutex_t lock;      /* guards all below */
    pthread_cond_t wake;
    bool stopping;
    uint64_t signed_size;
    char why[GB_LIMIT_ERR_TEXT];
    uint64_t cosigned_size;
    struct gb_arena *cosigned_in; /* owned; NULL: nothing waits */
    struct gb_bytes cosigned;
};

static void wait_for_turn(struct ledger *ledger)
{
    struct timespec at = {0};
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ledger->conf.interval_ms / 1000);
    at.tv_nsec += (long)(ledger->conf.interval_ms % 1000) * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    int r = 0;
    pthread_mutex_lock(&ledger->lock);
    while (!ledger->stopping && r == 0)
        r = pthread_cond_timedwait(&ledger->wake, &ledger->lock, &at);
    pthread_mutex_unlock(&ledger->lock);
}

static void take_cosigned(struct ledger *ledger)
{
    struct gb_err err;
    pthread_mutex_lock(&ledger->lock);
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_take(ledger->cosigned_in);
    struct gb_bytes note = ledger->cosigned;
    uint64_t size = ledger->cosigned_size;
    pthread_mutex_unlock(&ledger->lock);
    if (!arena)
        return;
    int r = sequencer_cosigned(ledger->sequencer, size, note, &err);
    if (r < 0 && r != GB_ERR_AGAIN)
        gb_log_err(GB_LOG_ERROR, "cosignature-not-kept", &err);
}

static void prune(struct ledger *ledger)
{
    struct gb_err err;
    int64_t now_s = gb_clock_s();
    if (gb_clock_ms() < ledger->prune_ms)
        return;
    ledger->prune_ms = gb_clock_ms() + PRUNE_MS;
    if (round_prune(round_log_folder(ledger->rounds), now_s - ledger->conf.quotes_keep_s,
                    now_s - ledger->conf.rounds_keep_s, &err) < 0)
        gb_log_err(GB_LOG_ERROR, "rounds-not-removed", &err);
}

/* Rounds first: a minute that is sealed in this turn is signed in it. */
static int work(struct ledger *ledger, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *note = NULL;
    if (!arena)
        return gb_err_nomem(err);
    int r = round_log_sync(ledger->rounds, err);
    if (r == GB_OK)
        r = round_seal(ledger->rounds, ledger->store, ledger->digester, gb_clock_s(), gb_clock_ms(),
                       err);
    struct gb_err *step_err = r < 0 ? NULL : err;
    int signed_r = sequencer_step(ledger->sequencer, arena, &note, step_err);
    if (note && ledger->conf.on_signed)
        ledger->conf.on_signed(ledger->conf.ctx, sequencer_signed(ledger->sequencer), note);
    return r < 0 ? r : signed_r;
}

static bool all_signed(struct ledger *ledger)
{
    uint64_t first, next;
    store_entry_range(ledger->store, &first, &next);
    return sequencer_signed(ledger->sequencer) >= next;
}

/* Said once, and once more when it is over. */
static void tell(struct ledger *ledger, int result, const struct gb_err *err)
{
    pthread_mutex_lock(&ledger->lock);
    bool was = ledger->why[0] != '\0';
    bool news = result < 0 ? strcmp(ledger->why, err->text) != 0 : was;
    snprintf(ledger->why, sizeof ledger->why, "%s", result < 0 ? err->text : "");
    ledger->signed_size = sequencer_signed(ledger->sequencer);
    pthread_mutex_unlock(&ledger->lock);
    if (news && result < 0)
        gb_log_err(GB_LOG_ERROR, "ledger-behind", err);
    else if (news)
        gb_log_event(GB_LOG_INFO, "ledger-goes-on");
}

static void turn(struct ledger *ledger)
{
    struct gb_err err = {0};
    int64_t began_ms = gb_clock_ms();
    if (atomic_load(&ledger->behind_ms) == 0 && !all_signed(ledger))
        atomic_store(&ledger->behind_ms, began_ms);
    int r = work(ledger, &err);
    if (r == GB_OK) /* what came meanwhile is younger than this turn */
        atomic_store(&ledger->behind_ms, all_signed(ledger) ? 0 : began_ms);
    else if (atomic_load(&ledger->behind_ms) == 0)
        atomic_store(&ledger->behind_ms, began_ms);
    atomic_store(&ledger->differs, r == GB_ERR_CONFIG || r == GB_ERR_DENIED);
    tell(ledger, r, &err);
    take_cosigned(ledger);
    prune(ledger);
}

static void *run(void *ctx)
{
    struct ledger *ledger = ctx;
    bool stopping = false;
    while (!stopping) {
        wait_for_turn(ledger);
        pthread_mutex_lock(&ledger->lock);
        stopping = ledger->stopping;
        pthread_mutex_unlock(&ledger->lock);
        turn(ledger);
    }
    return NULL;
}

static void init_locks(struct ledger *ledger)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&ledger->lock, NULL);
    pthread_cond_init(&ledger->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static int open_rounds(struct ledger *ledger, struct gb_arena *arena, struct gb_err *err)
{
    char *folder = gb_arena_printf(arena, "%s/rounds", ledger->conf.state);
    int64_t sealed;
    if (!folder)
        return gb_err_nomem(err);
    int r = store_rounds_sealed(ledger->store, &sealed, err);
    return r < 0 ? r : round_log_open(folder, sealed, &ledger->rounds, err);
}

static int open_all(struct ledger *ledger, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    char *folder = arena ? gb_arena_printf(arena, "%s/ledger", ledger->conf.state) : NULL;
    if (!folder)
        return gb_err_nomem(err);
    int r = digester_new(&ledger->digester, err);
    if (r == GB_OK)
        r = sequencer_open(folder, ledger->store, &ledger->conf.signer, &ledger->sequencer, err);
    if (r == GB_OK)
        r = open_rounds(ledger, arena, err);
    if (r == GB_OK)
        ledger->signed_size = sequencer_signed(ledger->sequencer);
    return r;
}

int ledger_open(const struct ledger_conf *conf, struct store *store, struct ledger **ret_ledger,
                struct gb_err *err)
{
    struct ledger *ledger = gb_calloc(1, sizeof *ledger);
    if (!ledger)
        return gb_err_nomem(err);
    ledger->conf = *conf;
    ledger->store = store;
    init_locks(ledger);
    int r = open_all(ledger, err);
    ledger->conf.state = NULL; /* the caller's */
    if (r < 0) {
        ledger_free(ledger);
        return r;
    }
    *ret_ledger = ledger;
    return GB_OK;
}

int ledger_start(struct ledger *ledger, struct gb_err *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int sys = pthread_create(&ledger->thread, NULL, run, ledger);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (sys != 0)
        return gb_err_sys(err, sys, "cannot start the ledger's thread: %s", strerrordesc_np(sys));
    ledger->running = true;
    return GB_OK;
}

void ledger_stop(struct ledger *ledger)
{
    if (!ledger || !ledger->running)
        return;
    pthread_mutex_lock(&ledger->lock);
    ledger->stopping = true;
    pthread_cond_signal(&ledger->wake);
    pthread_mutex_unlock(&ledger->lock);
    pthread_join(ledger->thread, NULL);
    ledger->running = false;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    ledger_stop(ledger);
    sequencer_free(ledger->sequencer);
    round_log_free(ledger->rounds);
    digester_free(ledger->digester);
    gb_arena_free(ledger->cosigned_in);
    pthread_mutex_destroy(&ledger->lock);
    pthread_cond_destroy(&ledger->wake);
    gb_free(ledger);
}

struct round_log *ledger_rounds(struct ledger *ledger)
{
    return ledger->rounds;
}

bool ledger_stopped(struct ledger *ledger)
{
    int64_t behind_ms = atomic_load(&ledger->behind_ms);
    return atomic_load(&ledger->differs) ||
           (behind_ms != 0 && gb_clock_ms() - behind_ms > ledger->conf.lag_ms);
}

void ledger_health(struct ledger *ledger, struct ledger_health *ret_health)
{
    uint64_t first;
    int64_t behind_ms = atomic_load(&ledger->behind_ms);
    store_entry_range(ledger->store, &first, &ret_health->entries);
    ret_health->lag_s = behind_ms == 0 ? 0 : (gb_clock_ms() - behind_ms) / 1000;
    ret_health->stopped = ledger_stopped(ledger);
    pthread_mutex_lock(&ledger->lock);
    ret_health->signed_size = ledger->signed_size;
    memcpy(ret_health->why, ledger->why, sizeof ret_health->why);
    pthread_mutex_unlock(&ledger->lock);
}

bool ledger_cosign(struct ledger *ledger, uint64_t size, struct gb_bytes note)
{
    struct gb_arena *arena = gb_arena_new();
    struct gb_bytes copy = arena ? gb_arena_copy(arena, note) : gb_bytes(NULL, 0);
    if (!copy.data) {
        gb_arena_free(arena);
        return false;
    }
    pthread_mutex_lock(&ledger->lock);
    struct gb_arena *old = ledger->cosigned_in;
    ledger->cosigned_in = arena;
    ledger->cosigned = copy;
    ledger->cosigned_size = size;
    pthread_mutex_unlock(&ledger->lock);
    gb_arena_free(old);
    return true;
}
