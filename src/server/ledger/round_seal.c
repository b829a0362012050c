#include "server/ledger/round_seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "server/ledger/record.h"
#include "server/ledger/round_files.h"
#include "server/ledger/round_log.h"
#include "server/store_wait.h"
#include "store/store.h"
#include "wire/json.h"

/* Lines "<trust id> <policy>"; one may stand twice, after a restart. */
static struct json *policies_json(struct gb_bytes text)
{
    struct json *json = json_new_object();
    struct gb_lines lines;
    struct gb_bytes line, seen[ROUND_LOG_POLICIES];
    size_t count = 0;
    gb_lines_init(&lines, text);
    while (count < ROUND_LOG_POLICIES && gb_lines_next(&lines, &line)) {
        size_t i = 0;
        while (i < count && !gb_bytes_equal(seen[i], line))
            i++;
        if (i < count)
            continue;
        char id[32], name[512];
        seen[count++] = line;
        struct gb_bytes rest = line;
        struct gb_bytes first = gb_text_until(&rest, ' ');
        snprintf(id, sizeof id, "%.*s", (int)first.len, (const char *)first.data);
        snprintf(name, sizeof name, "%.*s", (int)rest.len, (const char *)rest.data);
        json_set(json, id, json_text(name));
    }
    return json;
}

static int seal_leaves(struct gb_arena *arena, struct store *store, struct digester *digester,
                       int64_t minute, struct gb_bytes leaves, struct gb_bytes policies,
                       struct gb_err *err)
{
    struct rounds_sealed sealed = {.minute_s = minute * 60, .count = leaves.len / ROUNDS_LEAF};
    struct record record = {.what = ENTRY_ROUNDS, .who = record_server()};
    struct store_wait wait;
    int r = rounds_root(digester, leaves, sealed.root, err);
    if (r < 0)
        return r;
    record.data = rounds_sealed_write(&sealed, policies_json(policies));
    store_wait_init(&wait);
    store_rounds_seal(store, minute, record_make(arena, digester, &record), store_wait_told, &wait);
    return store_wait_for(&wait, err);
}

/* A minute that the store has sealed already: we died before its files had their last names. */
static int seal_one(struct round_log *log, struct store *store, struct digester *digester,
                    int64_t minute, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes leaves, policies;
    int64_t last = -1;
    if (!arena)
        return gb_err_nomem(err);
    int r = store_rounds_sealed(store, &last, err);
    if (r == GB_OK)
        r = round_log_read(log, arena, minute, &leaves, &policies, err);
    if (r == GB_OK && minute > last && leaves.len == 0)
        return round_log_drop(log, minute, err);
    if (r == GB_OK && minute > last)
        r = seal_leaves(arena, store, digester, minute, leaves, policies, err);
    return r < 0 ? r : round_log_close(log, minute, err);
}

int round_seal(struct round_log *log, struct store *store, struct digester *digester, int64_t now_s,
               int64_t now_ms, struct gb_err *err)
{
    int64_t minute;
    int r;
    while ((r = round_log_due(log, now_s, now_ms, &minute, err)) > 0) {
        r = seal_one(log, store, digester, minute, err);
        if (r < 0)
            break;
    }
    return r;
}

/* Its last name was given after this time: a file is no older than that, whatever it is called. */
static bool is_younger(const char *path, int64_t than_s)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_ctim.tv_sec > than_s;
}

static int remove_all(struct gb_arena *arena, const char *day, const char *suffix, int64_t until_s,
                      struct gb_err *err)
{
    const char *const *names;
    int r = file_list(arena, day, "", suffix, &names, err);
    for (; r == GB_OK && *names; names++) {
        char *path = gb_arena_printf(arena, "%s/%s", day, *names);
        if (!path)
            return gb_err_nomem(err);
        if (is_younger(path, until_s))
            continue;
        if (unlink(path) != 0 && errno != ENOENT)
            r = gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
    }
    return r;
}

/* By its name; or it bears the name of a day to come, from a clock that was wrong. */
static bool may_be_over(int64_t first, int64_t now_s, int64_t until_s)
{
    enum { DAY = 24 * 60 };
    return (first + DAY) * 60 <= until_s || first * 60 > now_s;
}

int round_prune(const char *folder, int64_t now_s, int64_t quotes_s, int64_t leaves_s,
                struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *const *days;
    int64_t first;
    if (!arena)
        return gb_err_nomem(err);
    int r = round_files_days(arena, folder, &days, err);
    for (; r == GB_OK && *days; days++) {
        char *day = gb_arena_printf(arena, "%s/%s", folder, *days);
        if (!day || !round_files_day_minute(*days, &first))
            return gb_err_nomem(err);
        if (may_be_over(first, now_s, quotes_s))
            r = remove_all(arena, day, ".quotes", quotes_s, err);
        if (r < 0 || !may_be_over(first, now_s, leaves_s))
            continue;
        r = remove_all(arena, day, ".leaves", leaves_s, err);
        if (r == GB_OK && rmdir(day) != 0 && errno != ENOTEMPTY)
            r = gb_err_sys(err, errno, "%s: %s", day, strerrordesc_np(errno));
    }
    return r;
}
