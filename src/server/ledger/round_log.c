#include "server/ledger/round_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "server/ledger/round_files.h"
#include "server/ledger/round_mend.h"

enum {
    FILES = 3,
    MINUTE_MS = 60000,
    MAX_QUOTE = 16 << 10,
    /* Whoever verifies a minute must be able to ask us for its files. */
    MAX_MINUTE = GB_LIMIT_HTTP_ANSWER < GB_LIMIT_ROUNDS ? GB_LIMIT_HTTP_ANSWER : GB_LIMIT_ROUNDS,
};

/* The minute that takes leaves. */
struct open_minute {
    bool is;
    bool broken; /* what a failed write left could not be cut off: it takes no more */
    int64_t minute;
    int64_t since_ms;
    int fds[FILES];
    off_t lens[FILES];
    uint64_t named[ROUND_LOG_POLICIES]; /* trust ids whose line stands in its policies */
    size_t named_count;
};

struct round_log {
    char folder[PATH_MAX];
    pthread_mutex_t lock; /* guards all below; held for the writes of one round */
    struct open_minute open;
    int64_t closed;   /* the last minute that takes no more */
    int64_t due_from; /* no minute before it is due */
    bool dirty;       /* something was appended since the last sync */
};

static void close_open(struct round_log *log)
{
    if (!log->open.is)
        return;
    for (size_t i = 0; i < FILES; i++)
        close(log->open.fds[i]);
    log->closed = log->open.minute;
    log->open.is = false;
}

static int open_files(struct round_log *log, struct open_minute *open_minute, struct gb_err *err)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < FILES; i++) {
        struct stat st;
        int r =
            round_files_path(log->folder, open_minute->minute, (enum round_file)i, true, path, err);
        if (r < 0)
            return r;
        open_minute->fds[i] = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (open_minute->fds[i] < 0 || fstat(open_minute->fds[i], &st) != 0)
            return gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
        open_minute->lens[i] = st.st_size;
    }
    return GB_OK;
}

static int open_new(struct round_log *log, int64_t minute, int64_t now_ms, struct gb_err *err)
{
    struct open_minute fresh = {
        .is = true, .minute = minute, .since_ms = now_ms, .fds = {-1, -1, -1}};
    close_open(log);
    int r = round_files_make_day(log->folder, minute, err);
    if (r == GB_OK)
        r = open_files(log, &fresh, err);
    if (r < 0) {
        for (size_t i = 0; i < FILES; i++)
            if (fresh.fds[i] >= 0)
                close(fresh.fds[i]);
        return r;
    }
    log->open = fresh;
    return GB_OK;
}

/* Never a minute at or below the last one that was closed, whatever the clock says. */
static int64_t minute_for(const struct round_log *log, int64_t now_s)
{
    int64_t minute = now_s / 60;
    if (minute <= log->closed)
        minute = log->closed + 1;
    return log->open.is && minute < log->open.minute ? log->open.minute : minute;
}

static int append(struct open_minute *open, enum round_file file, struct gb_bytes bytes,
                  struct gb_err *err)
{
    ssize_t n = write(open->fds[file], bytes.data, bytes.len);
    if (n == (ssize_t)bytes.len) {
        open->lens[file] += n;
        return GB_OK;
    }
    int sys = n < 0 ? errno : ENOSPC;
    return gb_err_sys(err, sys, "rounds: %s: nothing is told that is not kept",
                      strerrordesc_np(sys));
}

static void cut_back(struct open_minute *open, const off_t lens[FILES])
{
    for (size_t i = 0; i < FILES; i++) {
        if (ftruncate(open->fds[i], lens[i]) != 0)
            open->broken = true;
        open->lens[i] = lens[i];
    }
}

static bool is_named(const struct open_minute *open, uint64_t trust_id)
{
    for (size_t i = 0; i < open->named_count; i++)
        if (open->named[i] == trust_id)
            return true;
    return false;
}

static int name_policy(struct open_minute *open, const struct round_proof *proof,
                       struct gb_err *err)
{
    char line[512];
    if (is_named(open, proof->leaf.trust_id))
        return GB_OK;
    int len = snprintf(line, sizeof line, "%016" PRIx64 " %s\n", proof->leaf.trust_id,
                       proof->policy ? proof->policy : "none");
    if (len >= (int)sizeof line)
        return gb_err_set(err, GB_ERR_BUG, "a policy's name is too long");
    int r = append(open, ROUND_POLICIES, gb_bytes(line, (size_t)len), err);
    if (r == GB_OK)
        open->named[open->named_count++] = proof->leaf.trust_id;
    return r;
}

/* The quote first: a leaf never stands without what proves it. */
static int append_all(struct open_minute *open, const struct round_proof *proof,
                      struct gb_bytes quote, struct gb_err *err)
{
    uint8_t leaf[ROUNDS_LEAF];
    off_t lens[FILES];
    size_t named = open->named_count;
    memcpy(lens, open->lens, sizeof lens);
    rounds_leaf_write(&proof->leaf, leaf);
    int r = name_policy(open, proof, err);
    if (r == GB_OK && quote.len > 0)
        r = append(open, ROUND_QUOTES, quote, err);
    if (r == GB_OK)
        r = append(open, ROUND_LEAVES, gb_bytes(leaf, sizeof leaf), err);
    if (r < 0) {
        cut_back(open, lens);
        open->named_count = named;
    }
    return r;
}

/* Its files, or the policies that its entry can name. */
static bool is_full(const struct open_minute *open, const struct round_proof *proof,
                    size_t quote_len)
{
    return open->lens[ROUND_QUOTES] + (off_t)quote_len > MAX_MINUTE ||
           open->lens[ROUND_LEAVES] + ROUNDS_LEAF > MAX_MINUTE ||
           (open->named_count == ROUND_LOG_POLICIES && !is_named(open, proof->leaf.trust_id));
}

static int append_locked(struct round_log *log, const struct round_proof *proof,
                         struct gb_bytes quote, int64_t now_s, int64_t now_ms, struct gb_err *err)
{
    int64_t minute = minute_for(log, now_s);
    if (log->open.is && minute == log->open.minute && is_full(&log->open, proof, quote.len))
        minute++;
    if (log->open.is && log->open.broken && minute == log->open.minute)
        return gb_err_set(err, GB_ERR_IO, "rounds: this minute's files cannot be written");
    if (!log->open.is || log->open.minute != minute) {
        int r = open_new(log, minute, now_ms, err);
        if (r < 0)
            return r;
    }
    log->dirty = true;
    return append_all(&log->open, proof, quote, err);
}

int round_log_append(struct round_log *log, const struct round_proof *proof, int64_t now_s,
                     int64_t now_ms, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf quote;
    gb_buf_init(&quote, MAX_QUOTE);
    if (proof->quote)
        rounds_quote_write(proof->quote, &quote);
    if (!gb_buf_ok(&quote))
        return gb_err_nomem(err);
    pthread_mutex_lock(&log->lock);
    int r = append_locked(log, proof, gb_buf_bytes(&quote), now_s, now_ms, err);
    pthread_mutex_unlock(&log->lock);
    return r;
}

/* Outside of the lock: a slow disk holds no round up. The leaves last: none is durable before what
 * proves it. */
int round_log_sync(struct round_log *log, struct gb_err *err)
{
    static const enum round_file order[FILES] = {ROUND_POLICIES, ROUND_QUOTES, ROUND_LEAVES};
    int fds[FILES];
    pthread_mutex_lock(&log->lock);
    bool dirty = log->dirty && log->open.is;
    for (size_t i = 0; dirty && i < FILES; i++)
        fds[i] = fcntl(log->open.fds[order[i]], F_DUPFD_CLOEXEC, 0);
    log->dirty = false;
    pthread_mutex_unlock(&log->lock);
    int failed = 0;
    for (size_t i = 0; dirty && i < FILES; i++) {
        if (!failed && (fds[i] < 0 || fdatasync(fds[i]) != 0))
            failed = errno;
        if (fds[i] >= 0)
            close(fds[i]);
    }
    pthread_mutex_lock(&log->lock);
    log->dirty |= failed != 0; /* again next time */
    pthread_mutex_unlock(&log->lock);
    return failed ? gb_err_sys(err, failed, "rounds: %s", strerrordesc_np(failed)) : GB_OK;
}

static void close_what_is_over(struct round_log *log, int64_t now_s, int64_t now_ms)
{
    const struct open_minute *open = &log->open;
    if (open->is && (now_s / 60 > open->minute || now_ms - open->since_ms >= MINUTE_MS))
        close_open(log);
}

/* From what lies there: names may be decades apart, after a clock that was wrong. */
static int oldest_open(struct round_log *log, int64_t from, int64_t *ret_minute, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    int64_t *minutes;
    size_t count, i = 0;
    if (!arena)
        return gb_err_nomem(err);
    int r = round_files_open(arena, log->folder, from, &minutes, &count, err);
    if (r < 0)
        return r;
    while (i < count && minutes[i] < from)
        i++;
    *ret_minute = i < count ? minutes[i] : INT64_MAX;
    return GB_OK;
}

int round_log_due(struct round_log *log, int64_t now_s, int64_t now_ms, int64_t *ret_minute,
                  struct gb_err *err)
{
    int64_t oldest = INT64_MAX;
    pthread_mutex_lock(&log->lock);
    close_what_is_over(log, now_s, now_ms);
    int64_t from = log->due_from, closed = log->closed;
    pthread_mutex_unlock(&log->lock);
    if (from > closed)
        return 0;
    int r = oldest_open(log, from, &oldest, err);
    if (r < 0)
        return r;
    pthread_mutex_lock(&log->lock);
    log->due_from = oldest <= closed ? oldest : closed + 1;
    pthread_mutex_unlock(&log->lock);
    *ret_minute = oldest;
    return oldest <= closed;
}

static int read_one(struct round_log *log, struct gb_arena *arena, int64_t minute,
                    enum round_file file, struct gb_bytes *ret_bytes, struct gb_err *err)
{
    char path[PATH_MAX];
    int r = round_files_path(log->folder, minute, file, true, path, err);
    if (r < 0)
        return r;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int sys = errno;
    if (fd >= 0)
        close(fd);
    *ret_bytes = gb_bytes(NULL, 0);
    if (!synced)
        return sys == ENOENT ? GB_OK : gb_err_sys(err, sys, "%s: %s", path, strerrordesc_np(sys));
    return file == ROUND_QUOTES ? GB_OK : file_read(arena, path, GB_LIMIT_ROUNDS, ret_bytes, err);
}

int round_log_read(struct round_log *log, struct gb_arena *arena, int64_t minute,
                   struct gb_bytes *ret_leaves, struct gb_bytes *ret_policies, struct gb_err *err)
{
    struct gb_bytes quotes;
    int r = read_one(log, arena, minute, ROUND_QUOTES, &quotes, err);
    if (r == GB_OK)
        r = read_one(log, arena, minute, ROUND_POLICIES, ret_policies, err);
    if (r == GB_OK)
        r = read_one(log, arena, minute, ROUND_LEAVES, ret_leaves, err);
    return r;
}

static int rename_one(struct round_log *log, int64_t minute, enum round_file file,
                      struct gb_err *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    int r = round_files_path(log->folder, minute, file, true, from, err);
    if (r == GB_OK)
        r = round_files_path(log->folder, minute, file, false, to, err);
    if (r == GB_OK && rename(from, to) != 0 && errno != ENOENT)
        r = gb_err_sys(err, errno, "%s: %s", from, strerrordesc_np(errno));
    return r;
}

static int remove_one(struct round_log *log, int64_t minute, enum round_file file,
                      struct gb_err *err)
{
    char path[PATH_MAX];
    int r = round_files_path(log->folder, minute, file, true, path, err);
    if (r == GB_OK && unlink(path) != 0 && errno != ENOENT)
        r = gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
    return r;
}

/* The leaves last: while they have their first name, the minute is seen to be unfinished. */
int round_log_close(struct round_log *log, int64_t minute, struct gb_err *err)
{
    int r = rename_one(log, minute, ROUND_QUOTES, err);
    if (r == GB_OK)
        r = remove_one(log, minute, ROUND_POLICIES, err);
    if (r == GB_OK)
        r = rename_one(log, minute, ROUND_LEAVES, err);
    return r < 0 ? r : round_files_sync_day(log->folder, minute, err);
}

int round_log_drop(struct round_log *log, int64_t minute, struct gb_err *err)
{
    int r = remove_one(log, minute, ROUND_QUOTES, err);
    if (r == GB_OK)
        r = remove_one(log, minute, ROUND_POLICIES, err);
    return r < 0 ? r : remove_one(log, minute, ROUND_LEAVES, err);
}

const char *round_log_folder(const struct round_log *log)
{
    return log->folder;
}

/* The minute that was open when we stopped goes on, if it is not over; those before it are. */
static int mend_all(struct round_log *log, int64_t sealed, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    int64_t *minutes;
    size_t count;
    if (!arena)
        return gb_err_nomem(err);
    int r = round_files_open(arena, log->folder, sealed, &minutes, &count, err);
    for (size_t i = 0; r == GB_OK && i < count; i++) {
        r = round_files_mend(arena, log->folder, minutes[i], err);
        if (r == GB_OK && minutes[i] > sealed)
            r = round_mend(arena, log->folder, minutes[i], err);
    }
    log->closed = sealed;
    log->due_from = sealed + 1;
    if (r < 0 || count == 0)
        return r;
    int64_t last = minutes[count - 1];
    bool goes_on = last > sealed && last >= gb_clock_s() / 60;
    if (minutes[0] < log->due_from) /* sealed, but its files had not got their last names */
        log->due_from = minutes[0];
    if (!goes_on && last > sealed)
        log->closed = last;
    if (goes_on && count > 1 && minutes[count - 2] > sealed)
        log->closed = minutes[count - 2];
    return goes_on ? open_new(log, last, gb_clock_ms(), err) : GB_OK;
}

int round_log_open(const char *folder, int64_t sealed, struct round_log **ret_log,
                   struct gb_err *err)
{
    struct round_log *log = gb_calloc(1, sizeof *log);
    if (!log)
        return gb_err_nomem(err);
    pthread_mutex_init(&log->lock, NULL);
    int r = GB_OK;
    if ((size_t)snprintf(log->folder, sizeof log->folder, "%s", folder) >= sizeof log->folder)
        r = gb_err_set(err, GB_ERR_CONFIG, "the path of rounds is too long");
    if (r == GB_OK && mkdir(folder, 0755) != 0 && errno != EEXIST)
        r = gb_err_sys(err, errno, "%s: %s", folder, strerrordesc_np(errno));
    if (r == GB_OK)
        r = mend_all(log, sealed, err);
    if (r < 0) {
        round_log_free(log);
        return r;
    }
    *ret_log = log;
    return GB_OK;
}

void round_log_free(struct round_log *log)
{
    if (!log)
        return;
    close_open(log);
    pthread_mutex_destroy(&log->lock);
    gb_free(log);
}
