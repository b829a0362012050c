/* Aims at rpc_request_read and rpc_reply_read: what reads is written again to the same bytes. */
#include <stdlib.h>

#include "rpc/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct gb_buf *buf, struct gb_bytes in)
{
    if (!gb_buf_ok(buf) || !gb_bytes_equal(gb_buf_bytes(buf), in))
        abort();
}

static void try_request(struct gb_arena *arena, struct gb_bytes in)
{
    struct rpc_request request;
    struct gb_buf buf;
    gb_buf_init(&buf, GB_LIMIT_RPC);
    if (rpc_request_read(arena, in, &request, NULL) == 0) {
        rpc_request_write(&buf, &request);
        same(&buf, in);
    }
    gb_buf_done(&buf);
}

static void try_reply(struct gb_arena *arena, struct gb_bytes in)
{
    struct rpc_reply reply;
    struct gb_buf buf;
    gb_buf_init(&buf, GB_LIMIT_RPC);
    if (rpc_reply_read(arena, in, &reply, NULL) == 0) {
        rpc_reply_write(&buf, &reply);
        same(&buf, in);
    }
    gb_buf_done(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    try_request(arena, gb_bytes(data, size));
    try_reply(arena, gb_bytes(data, size));
    gb_arena_free(arena);
    return 0;
}
