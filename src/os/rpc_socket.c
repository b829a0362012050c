#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/rpc.h"

static int address_of(const char *path, struct sockaddr_un *ret_address, struct gb_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path)
        return gb_err_set(err, GB_ERR_CONFIG, "a socket's path has 1 to %zu bytes",
                          sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    *ret_address = address;
    return GB_OK;
}

static int fail(int fd, struct gb_err *err, const char *what, const char *path)
{
    int sys = errno;
    close(fd);
    return gb_err_sys(err, sys, "%s %s", what, path);
}

/* connect(2) on a unix socket blocks only while the other side's queue is full. */
static bool set_timeout(int fd, int64_t deadline_ms)
{
    int64_t left = deadline_ms - gb_clock_ms();
    left = left < 1 ? 1 : left; /* zero would be for ever */
    const struct timeval most = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
    return deadline_ms == RPC_FOREVER ||
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == 0;
}

int rpc_connect(const char *path, int64_t deadline_ms, int *ret_fd, struct gb_err *err)
{
    struct sockaddr_un address;
    int r = address_of(path, &address, err);
    if (r < 0)
        return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return gb_err_sys(err, errno, "cannot make a socket");
    if (!set_timeout(fd, deadline_ms) ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return fail(fd, err, "nobody answers at", path);
    *ret_fd = fd;
    return GB_OK;
}

/* A socket that a killed program left behind is removed; a living one, or another file, is not. */
static int clear_way(const char *path, struct gb_err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? GB_OK : gb_err_sys(err, errno, "cannot look at %s", path);
    if (!S_ISSOCK(st.st_mode))
        return gb_err_set(err, GB_ERR_CONFIG, "%s is there and no socket", path);
    int fd = -1;
    if (rpc_connect(path, 0, &fd, NULL) == 0) {
        close(fd);
        return gb_err_set(err, GB_ERR_CONFIG, "somebody listens at %s already", path);
    }
    return unlink(path) == 0 ? GB_OK : gb_err_sys(err, errno, "cannot remove %s", path);
}

int rpc_listen(const char *path, mode_t mode, int *ret_fd, struct gb_err *err)
{
    struct sockaddr_un address;
    int r = address_of(path, &address, err);
    if (r == 0)
        r = clear_way(path, err);
    if (r < 0)
        return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return gb_err_sys(err, errno, "cannot make a socket");
    mode_t old = umask(0777); /* nobody may connect before the mode is set */
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
    int sys = errno;
    umask(old);
    errno = sys;
    if (bound < 0 || chmod(path, mode) < 0 || listen(fd, SOMAXCONN) < 0)
        return fail(fd, err, "cannot listen at", path);
    *ret_fd = fd;
    return GB_OK;
}

int rpc_peer(int fd, uid_t *ret_uid, struct gb_err *err)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return gb_err_sys(err, errno, "cannot learn who is at the other end");
    *ret_uid = peer.uid;
    return GB_OK;
}
