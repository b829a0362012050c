/* The keys by which anybody verifies tokens. Public: no secret is in it, and nobody need be known.
 */
#include "base/text.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/server.h"
#include "server/token_keys.h"

/* RFC 9110, 13.1.2: a list of validators, or "*"; weak ones compare alike. */
static bool is_known(const struct http_request *request, const char *etag)
{
    struct gb_bytes rest = http_request_header(request, "If-None-Match");
    while (rest.len > 0) {
        struct gb_bytes one = gb_text_trim(gb_text_until(&rest, ','));
        if (gb_bytes_starts(one, gb_bytes_str("W/")))
            one = gb_bytes_from(one, 2);
        if (gb_bytes_is(one, etag) || gb_bytes_is(one, "*"))
            return true;
    }
    return false;
}

void api_jwks(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    const char *set = NULL;
    char etag[TOKEN_KEYS_ETAG];
    int r =
        arena ? token_keys_get(thread->server->token_keys, arena, &set, etag, NULL) : GB_ERR_NOMEM;
    if (r < 0) {
        answer_refuse(thread, call->request,
                      r == GB_ERR_AGAIN ? REFUSAL_KEYD_AWAY : REFUSAL_NO_MEMORY, NULL);
        return;
    }
    http_answer_header(call->request, "Cache-Control", "public, max-age=60");
    http_answer_header(call->request, "ETag", etag);
    if (is_known(call->request, etag))
        answer_empty(call->request, 304);
    else
        http_answer(call->request, 200, "application/jwk-set+json", gb_bytes_str(set));
}
