#include "os/rpc.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/clock.h"

enum { PIECE = 64 << 10 }; /* what a length alone may make us allocate */

/* Waits until `fd` can do `events`, at most to the deadline. */
static int wait_for(int fd, short events, int64_t deadline_ms, struct gb_err *err)
{
    for (;;) {
        int64_t left = deadline_ms == RPC_FOREVER ? -1 : deadline_ms - gb_clock_ms();
        if (deadline_ms != RPC_FOREVER && left <= 0)
            return gb_err_sys(err, ETIMEDOUT, "the other side is too slow");
        struct pollfd poll_fd = {.fd = fd, .events = events};
        int n = poll(&poll_fd, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (n > 0)
            return GB_OK;
        if (n < 0 && errno != EINTR)
            return gb_err_sys(err, errno, "cannot wait for the socket");
    }
}

static int send_all(int fd, const uint8_t *at, size_t left, int64_t deadline_ms, struct gb_err *err)
{
    while (left > 0) {
        ssize_t n = send(fd, at, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            int r = wait_for(fd, POLLOUT, deadline_ms, err);
            if (r < 0)
                return r;
        } else if (n < 0 && errno != EINTR) {
            return gb_err_sys(err, errno, "cannot send");
        } else if (n > 0) {
            at += n;
            left -= (size_t)n;
        }
    }
    return GB_OK;
}

int rpc_send(int fd, struct gb_bytes frame, int64_t deadline_ms, struct gb_err *err)
{
    if (frame.len > GB_LIMIT_RPC)
        return gb_err_set(err, GB_ERR_LIMIT, "frame of %zu bytes, the ceiling is %d", frame.len,
                          GB_LIMIT_RPC);
    uint8_t head[4] = {(uint8_t)(frame.len >> 24), (uint8_t)(frame.len >> 16),
                       (uint8_t)(frame.len >> 8), (uint8_t)frame.len};
    int r = send_all(fd, head, sizeof head, deadline_ms, err);
    return r < 0 ? r : send_all(fd, frame.data, frame.len, deadline_ms, err);
}

/* Some bytes, at least one. GB_ERR_NOTFOUND: the peer closed. */
static int receive_some(int fd, uint8_t *out, size_t len, int64_t deadline_ms, size_t *ret_len,
                        struct gb_err *err)
{
    for (;;) {
        ssize_t n = recv(fd, out, len, MSG_DONTWAIT);
        if (n > 0) {
            *ret_len = (size_t)n;
            return GB_OK;
        }
        if (n == 0)
            return gb_err_set(err, GB_ERR_NOTFOUND, "the other side closed");
        if (errno != EAGAIN && errno != EINTR)
            return gb_err_sys(err, errno, "cannot receive");
        int r = wait_for(fd, POLLIN, deadline_ms, err);
        if (r < 0)
            return r;
    }
}

/* A close in the middle of a frame is no orderly end. */
static int cut(int r, struct gb_err *err)
{
    return r == GB_ERR_NOTFOUND ? gb_err_set(err, GB_ERR_IO, "the other side closed within a frame")
                                : r;
}

static int receive_head(int fd, int64_t idle_ms, int64_t frame_ms, int64_t *ret_deadline_ms,
                        uint32_t *ret_len, struct gb_err *err)
{
    uint8_t head[4];
    size_t got = 0;
    int r = receive_some(fd, head, sizeof head, idle_ms, &got, err);
    if (r < 0)
        return r;
    *ret_deadline_ms = gb_clock_ms() + frame_ms;
    for (size_t n = 0; got < sizeof head; got += n) {
        r = receive_some(fd, head + got, sizeof head - got, *ret_deadline_ms, &n, err);
        if (r < 0)
            return cut(r, err);
    }
    *ret_len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
    return GB_OK;
}

int rpc_receive(int fd, int64_t idle_ms, int64_t frame_ms, struct gb_buf *frame, struct gb_err *err)
{
    uint32_t left = 0;
    int64_t deadline_ms = 0;
    int r = receive_head(fd, idle_ms, frame_ms, &deadline_ms, &left, err);
    if (r < 0)
        return r;
    if (left > GB_LIMIT_RPC || left > frame->max)
        return gb_err_set(err, GB_ERR_LIMIT, "frame of %u bytes is above the ceiling",
                          (unsigned)left);
    uint8_t piece[PIECE];
    while (left > 0) {
        size_t n = 0;
        r = receive_some(fd, piece, left < PIECE ? left : PIECE, deadline_ms, &n, err);
        if (r < 0)
            return cut(r, err);
        gb_buf_add(frame, piece, n);
        left -= (uint32_t)n;
    }
    return gb_buf_ok(frame) ? GB_OK : gb_err_nomem(err);
}
