#include "cli/reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0, or errno. */
static int finish(int fd, int limit_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    int sys = 0;
    socklen_t len = sizeof sys;
    int ready = poll(&waiting, 1, limit_ms);
    if (ready <= 0)
        return ready == 0 ? ETIMEDOUT : errno;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) == 0 ? sys : errno;
}

static int connect_one(const struct addrinfo *address, int limit_ms)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int sys = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (sys == EINPROGRESS)
        sys = finish(fd, limit_ms);
    close(fd);
    return sys;
}

int reach(const char *host, const char *port, int limit_ms, struct gb_err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int answer = getaddrinfo(host, port, &hints, &found);
    if (answer != 0)
        return gb_err_set(err, GB_ERR_IO, "the name cannot be resolved (%s)", gai_strerror(answer));
    int sys = EADDRNOTAVAIL;
    for (const struct addrinfo *a = found; a && sys != 0; a = a->ai_next)
        sys = connect_one(a, limit_ms);
    freeaddrinfo(found);
    return sys == 0 ? GB_OK : gb_err_set(err, GB_ERR_IO, "%s", strerrordesc_np(sys));
}
