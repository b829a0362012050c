#include "witness/forks.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "os/file.h"

enum { NAME_HASH = 8, SAY_AGAIN_S = 60, COUNT_AGAIN_MS = 2000, WHY_MAX = 4 << 10 };

struct forks {
    char *folder; /* owned */
    struct digester *digester;
    pthread_mutex_t lock; /* of what follows, and of the folder */
    size_t count[FORKS_PROVEN + 1];
    int64_t counted_ms;
    int64_t said_s;
};

static const char *const words[] = {[FORKS_SUSPECT] = "suspect", [FORKS_PROVEN] = "fork"};

/* ---- what is there ---- */

static int read_why(struct gb_arena *arena, const char *folder, const char *file,
                    struct forks_kept *ret_kept, struct gb_err *err)
{
    size_t len = strlen(file) - strlen(".why");
    const char *path = gb_arena_printf(arena, "%s/%s", folder, file);
    ret_kept->name = gb_arena_printf(arena, "%s/%.*s", folder, (int)len, file);
    return path && ret_kept->name ? file_read(arena, path, WHY_MAX, &ret_kept->why, err)
                                  : gb_err_nomem(err);
}

static int list(struct gb_arena *arena, const char *folder, struct forks_kept **ret_kept,
                size_t *ret_count, struct gb_err *err)
{
    const char *const *names;
    size_t count = 0;
    int r = file_list(arena, folder, "", ".why", &names, err);
    if (r == GB_ERR_NOTFOUND) {
        *ret_count = 0;
        return GB_OK;
    }
    if (r < 0)
        return r;
    while (names[count])
        count++;
    struct forks_kept *kept = gb_arena_new_array(arena, struct forks_kept, count ? count : 1);
    if (!kept)
        return gb_err_nomem(err);
    for (size_t i = 0; r == GB_OK && i < count; i++)
        r = read_why(arena, folder, names[i], &kept[i], err);
    if (r < 0)
        return r;
    *ret_kept = kept;
    *ret_count = count;
    return GB_OK;
}

int forks_list(struct gb_arena *arena, const char *state, struct forks_kept **ret_kept,
               size_t *ret_count, struct gb_err *err)
{
    const char *folder = gb_arena_printf(arena, "%s/forks", state);
    return folder ? list(arena, folder, ret_kept, ret_count, err) : gb_err_nomem(err);
}

static enum forks_kind kind_of(struct gb_bytes why)
{
    return gb_bytes_starts(why, gb_bytes_str("suspect")) ? FORKS_SUSPECT : FORKS_PROVEN;
}

/* The operator may have looked at a case and taken it away: the folder is what counts. */
static int recount(struct forks *forks, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct forks_kept *kept;
    size_t count = 0;
    int r = arena ? list(arena, forks->folder, &kept, &count, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    memset(forks->count, 0, sizeof forks->count);
    for (size_t i = 0; i < count; i++)
        forks->count[kind_of(kept[i].why)]++;
    forks->counted_ms = gb_clock_ms();
    return GB_OK;
}

/* ---- open, close ---- */

void forks_free(struct forks *forks)
{
    if (!forks)
        return;
    pthread_mutex_destroy(&forks->lock);
    digester_free(forks->digester);
    gb_free(forks->folder);
    gb_free(forks);
}

static int set_up(struct forks *forks, const char *state, struct gb_err *err)
{
    size_t len = strlen(state) + sizeof "/forks";
    forks->folder = gb_calloc(1, len);
    if (!forks->folder)
        return gb_err_nomem(err);
    (void)snprintf(forks->folder, len, "%s/forks", state);
    int r = digester_new(&forks->digester, err);
    return r < 0 ? r : recount(forks, err);
}

int forks_open(const char *state, struct forks **ret_forks, struct gb_err *err)
{
    struct forks *forks = gb_calloc(1, sizeof *forks);
    if (!forks)
        return gb_err_nomem(err);
    if (pthread_mutex_init(&forks->lock, NULL) != 0) {
        gb_free(forks);
        return gb_err_set(err, GB_ERR_NOMEM, "no lock");
    }
    int r = set_up(forks, state, err);
    if (r < 0)
        forks_free(forks);
    else
        *ret_forks = forks;
    return r;
}

void forks_count(struct forks *forks, size_t *ret_proven, size_t *ret_suspects)
{
    struct gb_err err = {0};
    pthread_mutex_lock(&forks->lock);
    if (gb_clock_ms() - forks->counted_ms > COUNT_AGAIN_MS && recount(forks, &err) < 0)
        gb_log_err(GB_LOG_ERROR, "forks-not-counted", &err);
    *ret_proven = forks->count[FORKS_PROVEN];
    *ret_suspects = forks->count[FORKS_SUSPECT];
    pthread_mutex_unlock(&forks->lock);
}

/* ---- keep ---- */

/* FOLDER/<log>-<checkpoint>: one case of one checkpoint, however often it is sent. */
static int name_case(struct forks *forks, struct gb_arena *arena, const char *origin,
                     struct gb_bytes text, const char **ret_base, struct gb_err *err)
{
    uint8_t log[32], checkpoint[32];
    char log_hex[2 * NAME_HASH + 1], checkpoint_hex[2 * NAME_HASH + 1];
    if (digest_of(forks->digester, DIGEST_SHA256, gb_bytes_str(origin), log) < 0 ||
        digest_of(forks->digester, DIGEST_SHA256, text, checkpoint) < 0)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    gb_hex_encode(gb_bytes(log, NAME_HASH), log_hex);
    gb_hex_encode(gb_bytes(checkpoint, NAME_HASH), checkpoint_hex);
    *ret_base = gb_arena_printf(arena, "%s/%s-%s", forks->folder, log_hex, checkpoint_hex);
    return *ret_base ? GB_OK : gb_err_nomem(err);
}

static int write_part(struct gb_arena *arena, const char *base, const char *suffix,
                      struct gb_bytes bytes, struct gb_err *err)
{
    const char *path = gb_arena_printf(arena, "%s%s", base, suffix);
    return path ? file_write(path, bytes, err) : gb_err_nomem(err);
}

static bool is_kept(struct gb_arena *arena, const char *base, enum forks_kind kind)
{
    struct gb_bytes why;
    const char *path = gb_arena_printf(arena, "%s.why", base);
    return path && file_read(arena, path, WHY_MAX, &why, NULL) == GB_OK &&
           (kind == FORKS_SUSPECT || kind_of(why) == FORKS_PROVEN);
}

static int write_case(struct gb_arena *arena, const char *base, const struct forks_case *what,
                      struct gb_err *err)
{
    char at[GB_CLOCK_TEXT];
    gb_clock_text(what->at_s, at);
    const char *why =
        gb_arena_printf(arena, "%s %s log=%s signed_size=%" PRIu64 " refused_size=%" PRIu64 "\n",
                        words[what->kind], at, what->origin, what->signed_size, what->refused_size);
    if (!why)
        return gb_err_nomem(err);
    int r = write_part(arena, base, ".signed", what->signed_, err);
    if (r == GB_OK)
        r = write_part(arena, base, ".refused", what->refused, err);
    return r < 0 ? r : write_part(arena, base, ".why", gb_bytes_str(why), err);
}

static void say(struct forks *forks, const struct forks_case *what, bool is_new, const char *base)
{
    if (!is_new && what->at_s < forks->said_s + SAY_AGAIN_S)
        return;
    forks->said_s = what->at_s;
    gb_log_event(what->kind == FORKS_PROVEN ? GB_LOG_ERROR : GB_LOG_WARNING,
                 what->kind == FORKS_PROVEN ? "log-forked" : "log-suspect",
                 GB_LOG_TEXT("log", what->origin), GB_LOG_NUMBER("signed_size", what->signed_size),
                 GB_LOG_NUMBER("refused_size", what->refused_size),
                 GB_LOG_TEXT("evidence", is_new ? base : "kept before"));
}

static int keep(struct forks *forks, struct gb_arena *arena, const struct forks_case *what,
                struct gb_err *err)
{
    static const size_t most[] = {
        [FORKS_SUSPECT] = GB_LIMIT_SUSPECTS, [FORKS_PROVEN] = GB_LIMIT_FORKS};
    const char *base = NULL;
    int r = name_case(forks, arena, what->origin, what->text, &base, err);
    if (r == GB_OK && is_kept(arena, base, what->kind)) {
        say(forks, what, false, base);
        return GB_OK;
    }
    if (r == GB_OK)
        r = recount(forks, err);
    if (r == GB_OK && forks->count[what->kind] >= most[what->kind]) {
        say(forks, what, false, base);
        return GB_OK;
    }
    if (r == GB_OK)
        r = write_case(arena, base, what, err);
    if (r == GB_OK)
        r = recount(forks, err);
    if (r == GB_OK)
        say(forks, what, true, base);
    return r;
}

void forks_keep(struct forks *forks, const struct forks_case *what)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_err err = {0};
    pthread_mutex_lock(&forks->lock);
    int r = arena ? keep(forks, arena, what, &err) : gb_err_nomem(&err);
    pthread_mutex_unlock(&forks->lock);
    if (r < 0) {
        gb_err_prefix(&err, "evidence of a %s of %s: ", words[what->kind], what->origin);
        gb_log_err(GB_LOG_ERROR, "evidence-not-kept", &err);
    }
}

/* .why first: without it there is no case. */
static void remove_case(struct gb_arena *arena, const char *base)
{
    static const char *const suffixes[] = {".why", ".refused", ".signed"};
    for (size_t i = 0; i < GB_ARRAY_LEN(suffixes); i++) {
        const char *path = gb_arena_printf(arena, "%s%s", base, suffixes[i]);
        if (path)
            (void)unlink(path);
    }
}

void forks_clear_suspect(struct forks *forks, const char *origin, struct gb_bytes text)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *base = NULL;
    pthread_mutex_lock(&forks->lock);
    if (forks->count[FORKS_SUSPECT] > 0 && arena &&
        name_case(forks, arena, origin, text, &base, NULL) == GB_OK &&
        is_kept(arena, base, FORKS_SUSPECT) && !is_kept(arena, base, FORKS_PROVEN)) {
        remove_case(arena, base);
        forks->count[FORKS_SUSPECT]--;
    }
    pthread_mutex_unlock(&forks->lock);
}
