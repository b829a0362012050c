/*
 * The head of an HTTP/1.1 request (RFC 9112), read strictly: what two readers could understand
 * differently is refused, never repaired. Pure: bytes to a struct. Private to src/net.
 */
#ifndef GB_NET_HTTP_HEAD_H
#define GB_NET_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "net/http_server.h"

enum http_end { HTTP_END_BAD, HTTP_END_MORE, HTTP_END_FOUND };

/*
 * Looks for the empty line from `*scanned` on, and moves `*scanned` past what was looked at. FOUND:
 * `*scanned` is the head's length. BAD: a byte that no head has (a bare CR or LF, NUL, a control
 * character), or an empty line before the request.
 */
GB_MUST_USE enum http_end http_head_end(struct gb_bytes in, size_t *scanned);

struct http_field { /* offsets into the head, so that the buffer may move */
    uint32_t name, name_len;
    uint32_t value, value_len;
};

struct http_head {
    enum http_method method;
    uint32_t target, target_len;
    struct http_field fields[GB_LIMIT_HTTP_FIELDS];
    size_t count;
    uint64_t content_length; /* 0 when not said */
    bool close;              /* the client wants the connection closed afterwards */
    bool expects_continue;
};

/* `in` is one whole head, as http_head_end found it. 0, or the status of the refusal (400, 411,
 * 414, 417, 431, 501, 505), `*ret_why` then a literal that says what is wrong. */
GB_MUST_USE int http_head_read(struct gb_bytes in, struct http_head *ret_head,
                               const char **ret_why);

/* The value of the first field of that name (case does not matter); NULL data when absent. */
struct gb_bytes http_head_field(const struct http_head *head, struct gb_bytes in, const char *name);

#endif
