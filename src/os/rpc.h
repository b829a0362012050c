/*
 * Framed unix sockets between our own programs: u32be length, then that many bytes. Deadlines are
 * absolute, by gb_clock_ms: a peer that drips bytes does not gain time. A socket has one user at a
 * time.
 */
#ifndef GB_OS_RPC_H
#define GB_OS_RPC_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* No deadline: for a server that waits for the next request. */
#define RPC_FOREVER INT64_MAX

/* Listens at `path` with `mode`; what lay there before is replaced when it is a socket that nobody
 * listens on. GB_ERR_CONFIG (too long, another file, in use), IO. The caller closes. */
GB_MUST_USE int rpc_listen(const char *path, mode_t mode, int *ret_fd, struct gb_err *err);
/* GB_ERR_IO when nobody answers. The caller closes. */
GB_MUST_USE int rpc_connect(const char *path, int64_t deadline_ms, int *ret_fd, struct gb_err *err);
/* Who is at the other end, as the kernel knows. */
GB_MUST_USE int rpc_peer(int fd, uid_t *ret_uid, struct gb_err *err);

GB_MUST_USE int rpc_send(int fd, struct gb_bytes frame, int64_t deadline_ms, struct gb_err *err);
/* One frame into `frame` (an empty buffer whose ceiling bounds it; memory grows with what really
 * came). Waits for its first byte until `idle_ms`, then `frame_ms` longer for the whole.
 * GB_ERR_NOTFOUND: the peer closed between frames; LIMIT: it announces more than the ceiling;
 * IO: time-out, cut frame. After an error the socket is good for nothing but close(2). */
GB_MUST_USE int rpc_receive(int fd, int64_t idle_ms, int64_t frame_ms, struct gb_buf *frame,
                            struct gb_err *err);

#endif
