#include "server/ledger/round_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/rounds.h"
#include "os/file.h"

static const char open_suffix[] = ".leaves.open";

static int failed(struct gb_err *err, const char *path)
{
    return gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
}

int round_files_path(const char *folder, int64_t minute, enum round_file file, bool open,
                     char out[PATH_MAX], struct gb_err *err)
{
    static const char *const names[] = {
        [ROUND_LEAVES] = "leaves", [ROUND_QUOTES] = "quotes", [ROUND_POLICIES] = "policies"};
    char at[ROUNDS_PATH];
    rounds_path(minute * 60, at);
    int len = snprintf(out, PATH_MAX, "%s/%s.%s%s", folder, at, names[file], open ? ".open" : "");
    return len < PATH_MAX ? GB_OK
                          : gb_err_set(err, GB_ERR_CONFIG, "the path of rounds is too long");
}

static int day_path(const char *folder, int64_t minute, char out[PATH_MAX], struct gb_err *err)
{
    int r = round_files_path(folder, minute, ROUND_LEAVES, true, out, err);
    if (r == GB_OK)
        *strrchr(out, '/') = '\0';
    return r;
}

static int sync_folder(const char *path, struct gb_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int r = ok ? GB_OK : failed(err, path);
    if (fd >= 0)
        close(fd);
    return r;
}

int round_files_make_day(const char *folder, int64_t minute, struct gb_err *err)
{
    char path[PATH_MAX];
    int r = day_path(folder, minute, path, err);
    if (r < 0)
        return r;
    if (mkdir(path, 0755) == 0)
        return sync_folder(folder, err);
    return errno == EEXIST ? GB_OK : failed(err, path);
}

int round_files_sync_day(const char *folder, int64_t minute, struct gb_err *err)
{
    char path[PATH_MAX];
    int r = day_path(folder, minute, path, err);
    return r < 0 ? r : sync_folder(path, err);
}

bool round_files_day_minute(const char *day, int64_t *ret_minute)
{
    char text[32];
    int64_t at_s;
    if (snprintf(text, sizeof text, "%sT00:00:00Z", day) >= (int)sizeof text ||
        !gb_clock_parse(gb_bytes_str(text), &at_s))
        return false;
    *ret_minute = at_s / 60;
    return true;
}

int round_files_days(struct gb_arena *arena, const char *folder, const char *const **ret_days,
                     struct gb_err *err)
{
    const char *const *names;
    int64_t minute;
    size_t count = 0, kept = 0;
    int r = file_list(arena, folder, "", "", &names, err);
    if (r < 0)
        return r;
    while (names[count])
        count++;
    const char **days = gb_arena_new_array(arena, const char *, count + 1);
    if (!days)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++)
        if (round_files_day_minute(names[i], &minute))
            days[kept++] = names[i];
    *ret_days = days;
    return GB_OK;
}

/* "0102.leaves.open" */
static bool minute_of_day(const char *name, int64_t *ret_minute)
{
    uint64_t hhmm;
    if (strlen(name) != 4 + sizeof open_suffix - 1 ||
        !gb_text_u64(gb_bytes(name, 4), 2359, &hhmm) || hhmm % 100 > 59)
        return false;
    *ret_minute = (int64_t)(hhmm / 100 * 60 + hhmm % 100);
    return true;
}

struct minutes {
    int64_t *items;
    size_t count;
    size_t room;
};

static int add(struct gb_arena *arena, struct minutes *all, int64_t minute, struct gb_err *err)
{
    if (all->count == all->room) {
        size_t room = all->room ? 2 * all->room : 16;
        int64_t *items = gb_arena_new_array(arena, int64_t, room);
        if (!items)
            return gb_err_nomem(err);
        if (all->count > 0)
            memcpy(items, all->items, all->count * sizeof *items);
        all->items = items;
        all->room = room;
    }
    all->items[all->count++] = minute;
    return GB_OK;
}

static int open_of_day(struct gb_arena *arena, const char *folder, const char *day,
                       struct minutes *all, struct gb_err *err)
{
    const char *const *names;
    int64_t first, minute;
    char *path = gb_arena_printf(arena, "%s/%s", folder, day);
    if (!path || !round_files_day_minute(day, &first))
        return gb_err_nomem(err);
    int r = file_list(arena, path, "", open_suffix, &names, err);
    for (; r == GB_OK && *names; names++)
        if (minute_of_day(*names, &minute))
            r = add(arena, all, first + minute, err);
    return r;
}

int round_files_open(struct gb_arena *arena, const char *folder, int64_t from,
                     int64_t **ret_minutes, size_t *ret_count, struct gb_err *err)
{
    enum { DAY = 24 * 60 };
    const char *const *days = NULL;
    struct minutes all = {0};
    int64_t first;
    int r = round_files_days(arena, folder, &days, err);
    for (; r == GB_OK && days && *days; days++)
        if (round_files_day_minute(*days, &first) && first + DAY > from)
            r = open_of_day(arena, folder, *days, &all, err);
    if (r < 0)
        return r;
    *ret_minutes = all.items;
    *ret_count = all.count;
    return GB_OK;
}

static int cut(const char *path, size_t from, size_t to, struct gb_err *err)
{
    if (from == to)
        return GB_OK;
    gb_log_event(GB_LOG_WARNING, "rounds-torn", GB_LOG_TEXT("file", path),
                 GB_LOG_NUMBER("bytes", from), GB_LOG_NUMBER("kept", to));
    return truncate(path, (off_t)to) == 0 ? GB_OK : failed(err, path);
}

/* Where the last whole record ends. */
static size_t whole_quotes(struct gb_bytes bytes)
{
    struct gb_bytes rest = bytes;
    struct rounds_quote quote;
    size_t end = 0;
    while (rounds_quote_next(&rest, &quote, NULL) > 0)
        end = bytes.len - rest.len;
    return end;
}

static size_t whole_lines(struct gb_bytes bytes)
{
    size_t end = bytes.len;
    while (end > 0 && bytes.data[end - 1] != '\n')
        end--;
    return end;
}

static int mend(struct gb_arena *arena, const char *folder, int64_t minute, enum round_file file,
                struct gb_err *err)
{
    char path[PATH_MAX];
    struct gb_bytes bytes = {0};
    int r = round_files_path(folder, minute, file, true, path, err);
    if (r == GB_OK)
        r = file_read(arena, path, GB_LIMIT_ROUNDS, &bytes, err);
    if (r == GB_ERR_NOTFOUND)
        return GB_OK; /* a crash before its first byte, or its name is the last one already */
    if (r < 0)
        return r;
    size_t whole = file == ROUND_LEAVES   ? bytes.len - bytes.len % ROUNDS_LEAF
                   : file == ROUND_QUOTES ? whole_quotes(bytes)
                                          : whole_lines(bytes);
    return cut(path, bytes.len, whole, err);
}

int round_files_mend(struct gb_arena *arena, const char *folder, int64_t minute, struct gb_err *err)
{
    int r = mend(arena, folder, minute, ROUND_LEAVES, err);
    if (r == GB_OK)
        r = mend(arena, folder, minute, ROUND_QUOTES, err);
    return r < 0 ? r : mend(arena, folder, minute, ROUND_POLICIES, err);
}
