#include "cli/reference/packages.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "os/file.h"
#include "os/pool.h"
#include "policy/sets/refval.h"
#include "reference/packages/file_list.h"
#include "reference/packages/file_tree.h"
#include "reference/packages/package.h"

enum { MOST_WORKERS = 8, SHOWN = 160 };

/* What belongs to one thread. */
struct desk {
    struct gb_arena *kept; /* what jobs are filled with */
    struct package_room room;
};

struct packages {
    package_reader *reader;
    unsigned workers;
    struct desk desks[MOST_WORKERS];
};

struct task {
    struct packages *packages;
    struct package_job *job;
};

/* Size and digest first: what is not what the repository lists is not even looked into. */
static int check(const struct package_job *job, const struct desk *desk, struct gb_bytes bytes)
{
    uint8_t digest[FILE_DIGEST];
    if (!job->checked)
        return GB_OK;
    if (bytes.len != job->size)
        return GB_ERR_INPUT;
    int r = digest_of(desk->room.digester, DIGEST_SHA256, bytes, digest);
    if (r < 0)
        return r;
    return memcmp(digest, job->sha256, sizeof digest) == 0 ? GB_OK : GB_ERR_INPUT;
}

static void read_one(void *ctx, unsigned worker)
{
    struct task *task = ctx;
    struct package_job *job = task->job;
    struct desk *desk = &task->packages->desks[worker];
    struct gb_bytes bytes = {0};
    job->list = (struct file_list){.arena = desk->kept};
    job->err = (struct gb_err){.offset = GB_NO_OFFSET};
    int r = file_map(job->path, GB_LIMIT_PACKAGE, &bytes, &job->err);
    if (r < 0)
        return; /* the error has the path already */
    r = check(job, desk, bytes);
    if (r < 0)
        r = gb_err_set(&job->err, r,
                       "not the file that the repository lists: another size or SHA-256");
    else
        r = task->packages->reader(&desk->room, bytes, &job->package, &job->list, &job->err);
    file_unmap(bytes);
    if (r < 0) {
        const char *shown = gb_text_escape(desk->room.scratch, gb_bytes_str(job->path), SHOWN);
        gb_err_prefix(&job->err, "%s: ", shown ? shown : "?");
    }
    gb_arena_reset(desk->room.scratch);
}

static int open_desks(struct packages *packages,
                      bool (*want)(void *ctx, const struct package *package), void *ctx,
                      struct gb_err *err)
{
    for (unsigned i = 0; i < packages->workers; i++) {
        struct desk *desk = &packages->desks[i];
        desk->kept = gb_arena_new();
        desk->room = (struct package_room){.scratch = gb_arena_new(), .want = want, .ctx = ctx};
        if (!desk->kept || !desk->room.scratch)
            return gb_err_nomem(err);
        int r = digester_new(&desk->room.digester, err);
        if (r == 0)
            r = rand_bytes((uint8_t *)&desk->room.seed, sizeof desk->room.seed, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

static void show(size_t done, size_t count, bool last)
{
    fprintf(stderr, "\r%zu of %zu packages%s", done, count, last ? "\n" : "");
    (void)fflush(stderr); /* a progress that is not seen harms nobody */
}

/* Waits with the pool, telling how far it is. */
static void follow(struct pool *pool, size_t count)
{
    static const struct timespec pause = {.tv_nsec = 200000000};
    for (size_t waiting = pool_waiting(pool); waiting > 0; waiting = pool_waiting(pool)) {
        show(count - waiting, count, false);
        (void)nanosleep(&pause, NULL);
    }
}

static int run_all(struct packages *packages, struct package_job *jobs, size_t count, bool progress,
                   struct gb_err *err)
{
    struct pool *pool = NULL;
    struct task *tasks = gb_calloc(count + 1, sizeof *tasks);
    if (!tasks)
        return gb_err_nomem(err);
    int r = pool_new(packages->workers, count + 1, &pool, err);
    for (size_t i = 0; r == 0 && i < count; i++) {
        tasks[i] = (struct task){.packages = packages, .job = &jobs[i]};
        if (!pool_run(pool, read_one, &tasks[i]))
            r = gb_err_set(err, GB_ERR_BUG, "the queue of packages is full");
    }
    if (r == 0 && progress)
        follow(pool, count);
    pool_free(pool); /* waits for all */
    gb_free(tasks);
    if (r == 0 && progress)
        show(count, count, true);
    return r;
}

int packages_read(package_reader *reader, struct package_job *jobs, size_t count,
                  bool (*want)(void *ctx, const struct package *package), void *ctx, bool progress,
                  struct packages **ret_packages, struct gb_err *err)
{
    gb_cleanup(packages_freep) struct packages *packages = gb_calloc(1, sizeof *packages);
    if (!packages)
        return gb_err_nomem(err);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    packages->reader = reader;
    packages->workers = cores < 1 ? 1 : cores > MOST_WORKERS ? MOST_WORKERS : (unsigned)cores;
    int r = open_desks(packages, want, ctx, err);
    if (r == 0)
        r = run_all(packages, jobs, count, progress, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].err.code == GB_OK)
            continue;
        if (err)
            *err = jobs[i].err;
        return jobs[i].err.code;
    }
    *ret_packages = gb_take(packages);
    return GB_OK;
}

void packages_free(struct packages *packages)
{
    if (!packages)
        return;
    for (unsigned i = 0; i < packages->workers; i++) {
        digester_free(packages->desks[i].room.digester);
        gb_arena_free(packages->desks[i].room.scratch);
        gb_arena_free(packages->desks[i].kept);
    }
    gb_free(packages);
}

void packages_freep(struct packages **packages)
{
    packages_free(*packages);
}

/* Paths as jobs, in a list that grows. */
struct found {
    struct gb_arena *arena;
    struct package_job *jobs;
    size_t count;
    size_t room;
};

static int add(struct found *found, const char *path, struct gb_err *err)
{
    if (found->count == found->room) {
        size_t room = found->room ? 2 * found->room : 64;
        struct package_job *jobs = gb_arena_new_array(found->arena, struct package_job, room);
        if (!jobs)
            return gb_err_nomem(err);
        if (found->count > 0)
            memcpy(jobs, found->jobs, found->count * sizeof *jobs);
        found->jobs = jobs;
        found->room = room;
    }
    found->jobs[found->count++].path = path;
    return GB_OK;
}

static int add_folder(struct found *found, const char *folder, const char *suffix,
                      struct gb_err *err)
{
    const char *const *names = NULL;
    int r = file_list(found->arena, folder, "", suffix, &names, err);
    if (r == 0 && !*names)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: no file in it ends with %s", folder, suffix);
    for (; r == 0 && *names; names++) {
        const char *path = gb_arena_printf(found->arena, "%s/%s", folder, *names);
        r = path ? add(found, path, err) : gb_err_nomem(err);
    }
    return r;
}

int packages_find(struct gb_arena *arena, const char *const *args, size_t count, const char *suffix,
                  struct package_job **ret_jobs, size_t *ret_count, struct gb_err *err)
{
    struct found found = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        bool folder = stat(args[i], &st) == 0 && S_ISDIR(st.st_mode);
        int r = folder ? add_folder(&found, args[i], suffix, err) : add(&found, args[i], err);
        if (r < 0)
            return r;
    }
    *ret_jobs = found.jobs;
    *ret_count = found.count;
    return GB_OK;
}

int packages_set(struct gb_arena *arena, struct package_job *jobs, size_t count, const char *name,
                 struct ref_set **ret_set, struct gb_err *err)
{
    struct file_list all = {.arena = arena};
    for (size_t i = 0; i < count; i++)
        file_list_move(&all, &jobs[i].list);
    return file_list_set(arena, &all, name, ret_set, err);
}
