/* Aims at route_match, route_role and query_find. Input: a request's target; what stands before the
 * first newline is a SPIFFE ID. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/query.h"
#include "net/route_match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(struct gb_bytes part, struct gb_bytes whole)
{
    if (part.len == 0 || part.data < whole.data || part.data + part.len > whole.data + whole.len ||
        memchr(part.data, '/', part.len))
        abort();
}

static void match(struct gb_bytes path)
{
    static const char *const patterns[] = {"/v1/nodes?since", "/v1/nodes/{node}",
                                           "/v1/nodes/{node}/verdict", "/{a}/{b}/{c}", "/"};
    for (size_t i = 0; i < GB_ARRAY_LEN(patterns); i++) {
        struct gb_bytes params[ROUTE_MAX_PARAMS] = {0};
        if (!route_match(patterns[i], path, params))
            continue;
        size_t count = 0;
        for (const char *at = strchr(patterns[i], '{'); at; at = strchr(at + 1, '{'))
            within(params[count++], path);
    }
}

static bool has_key(struct gb_bytes query, const char *key)
{
    while (query.len > 0) {
        struct gb_bytes part = gb_text_until(&query, '&');
        if (gb_bytes_is(gb_text_until(&part, '='), key))
            return true;
    }
    return false;
}

static void role(struct gb_bytes id)
{
    char text[256] = {0};
    memcpy(text, id.data, id.len < sizeof text - 1 ? id.len : sizeof text - 1);
    struct gb_bytes name = {0};
    if (route_role(text, "example", &name) != ROUTE_NOBODY)
        within(name, gb_bytes_str(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 16384)
        return 0;
    struct gb_bytes target = gb_bytes(data, size);
    role(gb_text_until(&target, '\n'));
    match(query_cut(&target));
    struct gb_arena *arena = gb_arena_new();
    struct gb_bytes value = {0};
    if (arena && query_find(arena, target, "since", &value) &&
        (value.len > target.len || memchr(value.data, '\0', value.len)))
        abort();
    /* what a route lets pass has an answer, or the key is not there */
    if (arena && query_only(target, gb_bytes_str("since&max")) &&
        !query_find(arena, target, "since", &value) && has_key(target, "since"))
        abort();
    gb_arena_free(arena);
    return 0;
}
