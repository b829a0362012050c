#include "os/spawn.h"

#include <errno.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { IN, OUT, SAID, FILES };

static void close_all(int (*files)[FILES])
{
    for (int i = 0; i < FILES; i++)
        if ((*files)[i] >= 0)
            close((*files)[i]);
}

/* Files in memory instead of pipes: nobody waits for anybody. */
static int open_all(int *files, struct gb_bytes in, struct gb_err *err)
{
    for (int i = 0; i < FILES; i++) {
        files[i] = memfd_create("garboard", MFD_CLOEXEC);
        if (files[i] < 0)
            return gb_err_sys(err, errno, "cannot make a file in memory");
    }
    while (in.len > 0) {
        ssize_t n = write(files[IN], in.data, in.len);
        if (n < 0 && errno != EINTR)
            return gb_err_sys(err, errno, "cannot write to memory");
        if (n > 0)
            in = gb_bytes_from(in, (size_t)n);
    }
    return lseek(files[IN], 0, SEEK_SET) == 0 ? GB_OK
                                              : gb_err_sys(err, errno, "cannot seek in memory");
}

static int start(const char *const *argv, const int *files, pid_t *ret_pid, struct gb_err *err)
{
    char **words = (char **)(uintptr_t)argv; /* posix_spawn changes neither words nor letters */
    posix_spawn_file_actions_t actions;
    int sys = posix_spawn_file_actions_init(&actions);
    if (sys != 0)
        return gb_err_sys(err, sys, "cannot start %s", argv[0]);
    for (int i = 0; sys == 0 && i < FILES; i++)
        sys = posix_spawn_file_actions_adddup2(&actions, files[i], i);
    if (sys == 0)
        sys = posix_spawnp(ret_pid, argv[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (sys == ENOENT)
        return gb_err_set(err, GB_ERR_NOTFOUND, "there is no program %s here", argv[0]);
    return sys == 0 ? GB_OK : gb_err_sys(err, sys, "cannot start %s", argv[0]);
}

static int read_back(struct gb_arena *arena, int fd, size_t max, struct gb_bytes *ret_bytes,
                     struct gb_err *err)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return gb_err_sys(err, errno, "cannot read from memory");
    size_t len = (size_t)st.st_size;
    if (len > max)
        return gb_err_set(err, GB_ERR_LIMIT, "it gave more than %zu bytes", max);
    uint8_t *room = gb_arena_alloc_raw(arena, len + 1, 1);
    if (!room)
        return gb_err_nomem(err);
    for (size_t at = 0; at < len;) {
        ssize_t n = pread(fd, room + at, len - at, (off_t)at);
        if (n == 0 || (n < 0 && errno != EINTR))
            return gb_err_sys(err, errno, "cannot read from memory");
        if (n > 0)
            at += (size_t)n;
    }
    *ret_bytes = gb_bytes(room, len);
    return GB_OK;
}

int spawn_run(struct gb_arena *arena, const char *const *argv, struct gb_bytes in, size_t max,
              int *ret_status, struct gb_bytes *ret_out, struct gb_bytes *ret_said,
              struct gb_err *err)
{
    gb_cleanup(close_all) int files[FILES] = {-1, -1, -1};
    pid_t pid = -1;
    int status = 0;
    int r = open_all(files, in, err);
    if (r == 0)
        r = start(argv, files, &pid, err);
    if (r < 0)
        return r;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return gb_err_sys(err, errno, "cannot wait for %s", argv[0]);
    r = read_back(arena, files[OUT], max, ret_out, err);
    if (r == 0)
        r = read_back(arena, files[SAID], max, ret_said, err);
    if (r < 0)
        return r;
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return GB_OK;
}
