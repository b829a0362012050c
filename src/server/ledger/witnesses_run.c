/* One witness' thread: pushes the newest checkpoint, again and again while there is no answer. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "net/http_client.h"
#include "os/file.h"
#include "server/ledger/witness_push.h"
#include "server/ledger/witnesses_inside.h"

enum {
    CONNECT_MS = 3000,
    TOTAL_MS = 8000,
    FIRST_PAUSE_MS = 500,
    LONGEST_PAUSE_MS = 60000,
    STOPPED_PAUSE_MS = 3000
};

/* ---- what there is to do; the lock is held ---- */

static void sleep_until(struct witnesses *all, int64_t at_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = (at_ms - gb_clock_ms()) * 1000000 + at.tv_nsec;
    at.tv_sec += (time_t)(ns / 1000000000);
    at.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_cond_timedwait(&all->news, &all->lock, &at);
}

/* Whether there is something to push; waits for it otherwise. False: the end. */
static bool wait_for_work(struct one *one)
{
    struct witnesses *all = one->all;
    while (!all->stopping) {
        int64_t now_ms = gb_clock_ms();
        if (one->again_ms > now_ms)
            sleep_until(all, one->again_ms);
        else if (one->done < all->pushes || one->again_ms != 0)
            return true;
        else
            pthread_cond_wait(&all->news, &all->lock);
    }
    return false;
}

static bool copy_push(struct one *one, struct witness_push *push)
{
    struct witnesses *all = one->all;
    push->note = gb_arena_copy(push->arena, gb_buf_bytes(&all->note));
    push->vkeys = (const char *)gb_arena_copy(push->arena, gb_buf_bytes(&all->vkeys)).data;
    return push->note.data && push->vkeys;
}

/* ---- what came of it; the lock is held ---- */

int64_t witnesses_pause_ms(int64_t before_ms, bool stops)
{
    const int64_t longest = stops ? STOPPED_PAUSE_MS : LONGEST_PAUSE_MS;
    const int64_t pause_ms = before_ms ? before_ms * 2 : FIRST_PAUSE_MS;
    return pause_ms > longest ? longest : pause_ms;
}

static void pause_for_a_while(struct one *one)
{
    const struct witnesses *all = one->all;
    one->pause_ms =
        witnesses_pause_ms(one->pause_ms, witnesses_cosigned(all, all->pushes) < all->quorum);
    one->again_ms = gb_clock_ms() + one->pause_ms;
}

static void note_failure(struct one *one, const struct gb_err *err)
{
    bool news = strcmp(one->why, err->text) != 0;
    one->failures++;
    one->answering = false;
    (void)snprintf(one->why, sizeof one->why, "%s", err->text);
    pause_for_a_while(one);
    if (news) {
        struct gb_err told = *err;
        gb_err_prefix(&told, "%s: ", one->line.key.name);
        gb_log_err(GB_LOG_WARNING, "witness-not-cosigning", &told);
    }
}

/* Since when a quorum is missing: what was pushed before the last that has one is forgotten. */
static void settle(struct witnesses *all)
{
    const size_t wanted = all->quorum ? all->quorum : 1;
    if (all->missing_ms == 0 || witnesses_cosigned(all, all->missing_push) < wanted)
        return;
    bool all_of_it = witnesses_cosigned(all, all->pushes) >= wanted;
    all->missing_ms = all_of_it ? 0 : gb_clock_ms();
    all->missing_push = all->pushes;
}

static void note_cosignature(struct one *one, uint64_t pushed, const struct witness_push *push)
{
    gb_buf_done(&one->cosignature);
    gb_buf_init(&one->cosignature, GB_LIMIT_NOTE);
    gb_buf_add(&one->cosignature, push->cosignature.data, push->cosignature.len);
    if (!gb_buf_ok(&one->cosignature)) {
        struct gb_err err = {0};
        gb_err_nomem(&err);
        note_failure(one, &err);
        return;
    }
    one->pushed = pushed;
    one->cosigned = push->known_size;
    one->cosigned_s = gb_clock_s();
    one->again_ms = one->pause_ms = 0;
    if (!one->answering && one->failures > 0)
        gb_log_event(GB_LOG_INFO, "witness-cosigning-again",
                     GB_LOG_TEXT("witness", one->line.key.name));
    one->answering = true;
    one->why[0] = '\0';
    settle(one->all);
}

static void note_fork(struct one *one, const struct gb_err *err)
{
    struct witnesses *all = one->all;
    bool news = !all->forked;
    all->forked = true;
    (void)snprintf(all->fork_why, sizeof all->fork_why, "%s", err->text);
    note_failure(one, err);
    if (news)
        gb_log_err(GB_LOG_ERROR, "ledger-forked", err);
}

/* ---- one push ---- */

/* Beside the ledger, for whoever finds out what happened. */
static void keep_evidence(const struct one *one, const struct witness_push *push)
{
    struct gb_err err = {0};
    const char *path = gb_arena_printf(push->arena, "%s/../fork-%" PRId64 ".checkpoint",
                                       one->all->ledger, gb_clock_s());
    int r = path ? file_write(path, push->evidence, &err) : gb_err_nomem(&err);
    if (r < 0)
        gb_log_err(GB_LOG_ERROR, "evidence-not-kept", &err);
    else
        gb_log_event(GB_LOG_ERROR, "fork-evidence-kept", GB_LOG_TEXT("file", path));
}

static int reach(struct one *one, struct gb_err *err)
{
    const struct http_client_conf conf = {.url = one->line.host,
                                          .ca_pem = one->line.ca_pem,
                                          .connect_ms = CONNECT_MS,
                                          .total_ms = TOTAL_MS,
                                          .max_answer = GB_LIMIT_NOTE};
    int r = one->client ? GB_OK : http_client_new(&conf, &one->client, err);
    return r < 0 || one->digester ? r : digester_new(&one->digester, err);
}

static int ask(struct one *one, struct witness_push *push, struct gb_err *err)
{
    int r = reach(one, err);
    push->client = one->client;
    push->digester = one->digester;
    if (r == GB_OK)
        r = witness_push(push, err);
    one->known_size = push->known_size;
    return r;
}

/* The lock is held, but for the network. */
static void work(struct one *one)
{
    struct witnesses *all = one->all;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct witness_push push = {
        .arena = arena, .line = &one->line, .ledger = all->ledger, .known_size = one->known_size};
    struct gb_err err = {0};
    const uint64_t pushed = all->pushes;
    int r = GB_ERR_NOMEM;
    if (arena && copy_push(one, &push)) {
        const bool knew = all->forked;
        pthread_mutex_unlock(&all->lock);
        r = ask(one, &push, &err);
        if (r == GB_ERR_DENIED && !knew)
            keep_evidence(one, &push);
        pthread_mutex_lock(&all->lock);
    } else {
        gb_err_nomem(&err);
    }
    one->done = pushed;
    if (r == GB_OK)
        note_cosignature(one, pushed, &push);
    else if (r == GB_ERR_DENIED)
        note_fork(one, &err);
    else
        note_failure(one, &err);
    pthread_cond_broadcast(&all->came);
    if (all->changed && !all->waiting && (r == GB_OK || r == GB_ERR_DENIED)) {
        pthread_mutex_unlock(&all->lock);
        all->changed(all->ctx);
        pthread_mutex_lock(&all->lock);
    }
}

void *witnesses_run(void *ctx)
{
    struct one *one = ctx;
    pthread_mutex_lock(&one->all->lock);
    while (wait_for_work(one))
        work(one);
    pthread_mutex_unlock(&one->all->lock);
    return NULL;
}
