#include "server/ledger/witnesses.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "net/http_client.h"
#include "server/ledger/witness_line.h"
#include "server/ledger/witnesses_inside.h"

/* ---- open, close ---- */

static int read_lines(struct witnesses *all, const struct conf_list *lines, struct gb_err *err)
{
    if (lines->count > GB_LIMIT_WITNESSES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d witnesses", GB_LIMIT_WITNESSES);
    for (size_t i = 0; i < lines->count; i++) {
        struct one *one = &all->ones[i];
        int r = witness_line_read(all->arena, lines->items[i], &one->line, err);
        if (r < 0)
            return r;
        one->all = all;
        one->answering = true; /* until it is not */
        gb_buf_init(&one->cosignature, GB_LIMIT_NOTE);
        for (size_t j = 0; j < i; j++)
            if (memcmp(all->ones[j].line.key.public, one->line.key.public, ED25519_PUBLIC) == 0)
                return gb_err_set(err, GB_ERR_CONFIG, "witness: %s is there twice",
                                  one->line.key.name);
        all->count++;
    }
    return GB_OK;
}

static int set_up(struct witnesses *all, const struct witnesses_conf *conf, struct gb_err *err)
{
    all->arena = gb_arena_new();
    if (!all->arena)
        return gb_err_nomem(err);
    all->ledger = (const char *)gb_arena_copy(all->arena, gb_bytes_str(conf->ledger)).data;
    if (!all->ledger)
        return gb_err_nomem(err);
    int r = read_lines(all, conf->lines, err);
    if (r == GB_OK && conf->quorum > all->count)
        r = gb_err_set(err, GB_ERR_CONFIG,
                       "witness_quorum is %zu, of %zu that are named as witness", conf->quorum,
                       all->count);
    return r;
}

static void init_locks(struct witnesses *all)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->news, &monotonic);
    pthread_cond_init(&all->came, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

int witnesses_new(const struct witnesses_conf *conf, struct witnesses **ret_witnesses,
                  struct gb_err *err)
{
    struct witnesses *all = gb_calloc(1, sizeof *all);
    if (!all)
        return gb_err_nomem(err);
    init_locks(all);
    gb_buf_init(&all->note, GB_LIMIT_NOTE);
    gb_buf_init(&all->vkeys, GB_LIMIT_NOTE);
    all->quorum = conf->quorum;
    all->lag_ms = conf->lag_ms;
    all->changed = conf->changed;
    all->ctx = conf->ctx;
    int r = set_up(all, conf, err);
    if (r < 0)
        witnesses_free(all);
    else
        *ret_witnesses = all;
    return r;
}

int witnesses_start(struct witnesses *all, struct gb_err *err)
{
    int sys = 0;
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    for (size_t i = 0; sys == 0 && i < all->count; i++) {
        sys = pthread_create(&all->ones[i].thread, NULL, witnesses_run, &all->ones[i]);
        all->ones[i].running = sys == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sys == 0 ? GB_OK : gb_err_sys(err, sys, "cannot start a witness' thread");
}

void witnesses_stop(struct witnesses *all)
{
    pthread_mutex_lock(&all->lock);
    all->stopping = true;
    pthread_cond_broadcast(&all->news);
    pthread_cond_broadcast(&all->came);
    pthread_mutex_unlock(&all->lock);
    for (size_t i = 0; i < all->count; i++)
        if (all->ones[i].running)
            pthread_join(all->ones[i].thread, NULL);
    for (size_t i = 0; i < all->count; i++)
        all->ones[i].running = false;
}

void witnesses_free(struct witnesses *all)
{
    if (!all)
        return;
    witnesses_stop(all);
    for (size_t i = 0; i < GB_ARRAY_LEN(all->ones); i++) {
        http_client_free(all->ones[i].client);
        digester_free(all->ones[i].digester);
        gb_buf_done(&all->ones[i].cosignature);
    }
    gb_buf_done(&all->note);
    gb_buf_done(&all->vkeys);
    gb_arena_free(all->arena);
    pthread_cond_destroy(&all->came);
    pthread_cond_destroy(&all->news);
    pthread_mutex_destroy(&all->lock);
    gb_free(all);
}

/* ---- push, wait, take ---- */

static bool put(struct gb_buf *buf, struct gb_bytes bytes, bool nul)
{
    gb_buf_done(buf);
    gb_buf_init(buf, GB_LIMIT_NOTE);
    gb_buf_add(buf, bytes.data, bytes.len);
    if (nul)
        gb_buf_u8(buf, 0);
    return gb_buf_ok(buf);
}

void witnesses_push(struct witnesses *all, struct gb_bytes note, const char *vkeys)
{
    if (all->count == 0)
        return;
    pthread_mutex_lock(&all->lock);
    all->pushes++; /* also when it fails: nobody has co-signed it then */
    if (!put(&all->note, note, false) || !put(&all->vkeys, gb_bytes_str(vkeys), true))
        gb_log_event(GB_LOG_ERROR, "out-of-memory", GB_LOG_TEXT("what", "asking witnesses"));
    if (all->missing_ms == 0) {
        all->missing_ms = gb_clock_ms();
        all->missing_push = all->pushes;
    }
    pthread_cond_broadcast(&all->news);
    pthread_mutex_unlock(&all->lock);
}

size_t witnesses_cosigned(const struct witnesses *all, uint64_t push)
{
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        count += all->ones[i].pushed >= push && all->ones[i].pushed > 0;
    return count;
}

/* Whether one that answered last time is still to answer. */
static bool awaited(const struct witnesses *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->ones[i].answering && all->ones[i].pushed < all->pushes)
            return true;
    return false;
}

bool witnesses_wait(struct witnesses *all, int64_t timeout_ms)
{
    struct timespec at;
    int sys = 0;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(timeout_ms / 1000);
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    pthread_mutex_lock(&all->lock);
    all->waiting = true;
    while (sys == 0 && !all->stopping && awaited(all))
        sys = pthread_cond_timedwait(&all->came, &all->lock, &at);
    all->waiting = false;
    bool enough = witnesses_cosigned(all, all->pushes) >= all->quorum;
    pthread_mutex_unlock(&all->lock);
    return enough;
}

/* What is signed is the text: up to the last empty line. */
static struct gb_bytes text_of(struct gb_bytes note)
{
    for (size_t i = note.len; i > 1; i--)
        if (note.data[i - 1] == '\n' && note.data[i - 2] == '\n')
            return gb_bytes(note.data, i);
    return note;
}

void witnesses_add_lines(struct witnesses *all, struct gb_bytes note, struct gb_buf *out)
{
    gb_buf_add(out, note.data, note.len);
    pthread_mutex_lock(&all->lock);
    bool same = gb_bytes_equal(text_of(note), text_of(gb_buf_bytes(&all->note)));
    for (size_t i = 0; same && i < all->count; i++)
        if (all->ones[i].pushed == all->pushes && all->pushes > 0)
            gb_buf_add(out, all->ones[i].cosignature.data, all->ones[i].cosignature.len);
    pthread_mutex_unlock(&all->lock);
}

bool witnesses_latest(struct witnesses *all, struct gb_buf *out)
{
    pthread_mutex_lock(&all->lock);
    bool there = all->pushes > 0 && witnesses_cosigned(all, all->pushes) > 0;
    if (there)
        gb_buf_add(out, all->note.data, all->note.len);
    for (size_t i = 0; there && i < all->count; i++)
        if (all->ones[i].pushed == all->pushes)
            gb_buf_add(out, all->ones[i].cosignature.data, all->ones[i].cosignature.len);
    pthread_mutex_unlock(&all->lock);
    return there && gb_buf_ok(out);
}

/* ---- how they stand ---- */

static void say_late(struct witnesses *all, struct witnesses_standing *standing)
{
    (void)snprintf(standing->why, sizeof standing->why,
                   "%zu of %zu witnesses that are needed have co-signed the ledger",
                   standing->cosigned, all->quorum);
}

void witnesses_stand(struct witnesses *all, struct witnesses_standing *ret_standing)
{
    struct witnesses_standing standing = {.count = all->count, .quorum = all->quorum};
    pthread_mutex_lock(&all->lock);
    standing.cosigned = witnesses_cosigned(all, all->pushes);
    standing.behind_ms = all->missing_ms ? gb_clock_ms() - all->missing_ms : 0;
    standing.late = all->quorum > 0 && standing.behind_ms > all->lag_ms;
    standing.forked = all->forked;
    if (standing.late)
        say_late(all, &standing);
    if (standing.forked)
        (void)snprintf(standing.why, sizeof standing.why, "%s", all->fork_why);
    pthread_mutex_unlock(&all->lock);
    *ret_standing = standing;
}

void witnesses_metrics(struct witnesses *all, struct gb_buf *out)
{
    if (all->count == 0)
        return;
    pthread_mutex_lock(&all->lock);
    gb_buf_puts(out,
                "# HELP garboard_witness_cosigned_entries Entries that the witness co-signed.\n"
                "# TYPE garboard_witness_cosigned_entries gauge\n");
    for (size_t i = 0; i < all->count; i++)
        gb_buf_printf(out, "garboard_witness_cosigned_entries{witness=\"%s\"} %" PRIu64 "\n",
                      all->ones[i].line.key.name, all->ones[i].cosigned);
    gb_buf_puts(out, "# HELP garboard_witness_cosigned_seconds When it last did, since 1970.\n"
                     "# TYPE garboard_witness_cosigned_seconds gauge\n");
    for (size_t i = 0; i < all->count; i++)
        gb_buf_printf(out, "garboard_witness_cosigned_seconds{witness=\"%s\"} %" PRId64 "\n",
                      all->ones[i].line.key.name, all->ones[i].cosigned_s);
    gb_buf_puts(out, "# HELP garboard_witness_failures_total Answers that were no cosignature.\n"
                     "# TYPE garboard_witness_failures_total counter\n");
    for (size_t i = 0; i < all->count; i++)
        gb_buf_printf(out, "garboard_witness_failures_total{witness=\"%s\"} %" PRIu64 "\n",
                      all->ones[i].line.key.name, all->ones[i].failures);
    gb_buf_printf(out,
                  "# HELP garboard_ledger_forked Whether a witness proved that the ledger forked.\n"
                  "# TYPE garboard_ledger_forked gauge\ngarboard_ledger_forked %d\n",
                  all->forked);
    pthread_mutex_unlock(&all->lock);
}
