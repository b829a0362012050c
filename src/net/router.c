#include "net/router.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_server.h"
#include "net/query.h"
#include "net/route_match.h"
#include "net/tls.h"

/* Who calls. Strangers only where nobody shows a certificate. */
static enum route_role role_of(const struct router *router, struct route_call *call)
{
    const struct tls_peer *peer = http_request_peer(call->request);
    if (router->enrolment)
        return ROUTE_STRANGER;
    if (!peer->has_cert)
        return ROUTE_NOBODY;
    return route_role(peer->spiffe_id, router->trust_domain, &call->name);
}

struct found {
    const struct route *route;
    bool path;        /* some route has this path */
    char methods[64]; /* "GET, POST" for Allow */
    struct gb_bytes params[ROUTE_MAX_PARAMS];
};

static const char *method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_POST:
        return "POST";
    case HTTP_PUT:
        return "PUT";
    case HTTP_DELETE:
        return "DELETE";
    case HTTP_NONE:
    case HTTP_OTHER:
        break;
    }
    return "";
}

static void add_method(struct found *found, enum http_method method)
{
    size_t len = strlen(found->methods);
    (void)snprintf(found->methods + len, sizeof found->methods - len, "%s%s", len ? ", " : "",
                   method_name(method));
}

/* The first in the table wins, as it reads. */
static void find(const struct router *router, struct http_request *request, struct found *found)
{
    enum http_method method = http_request_method(request);
    struct gb_bytes path = http_request_path(request);
    for (const struct route *route = router->routes; route->pattern; route++) {
        struct gb_bytes params[ROUTE_MAX_PARAMS] = {0};
        if (!route_match(route->pattern, path, params))
            continue;
        found->path = true;
        add_method(found, route->method);
        if (found->route || route->method != method || method == HTTP_NONE)
            continue;
        found->route = route;
        memcpy(found->params, params, sizeof params);
    }
}

static void refuse_caller(struct http_request *request)
{
    http_refuse(request, 403, "forbidden", "This certificate may not call this route.",
                "Use the certificate of a node or an operator that may.");
}

static void refuse_route(struct http_request *request, const struct found *found)
{
    if (!found->path) {
        http_refuse(request, 404, "no-such-route", "There is no such path here.", "");
        return;
    }
    http_answer_header(request, "Allow", found->methods);
    http_refuse(request, 405, "method-not-allowed", "This path has no such method.", "");
}

/* Which route, and whether this caller may. Paths are told to nobody who may call none of them:
 * strangers to us hear 403 for all. */
static bool find_for(const struct router *router, struct route_call *call, struct found *found)
{
    struct http_request *request = call->request;
    call->role = role_of(router, call);
    if (call->role == ROUTE_NOBODY) {
        refuse_caller(request);
        return false;
    }
    find(router, request, found);
    if (!found->route) {
        refuse_route(request, found);
    } else if (!(found->route->roles & (unsigned)call->role)) {
        refuse_caller(request);
    } else if (call->role != ROUTE_STRANGER && !found->route->expired_ok &&
               http_request_peer(request)->not_after_s < gb_clock_s()) {
        http_refuse(request, 403, "certificate-expired", "The certificate has expired.",
                    "Renew it; past the grace for renewals, enrol again.");
    } else {
        return true;
    }
    return false;
}

/* NULL: refused. */
static const struct route *look(const struct router *router, struct route_call *call)
{
    struct http_request *request = call->request;
    struct found found = {0};
    if (!find_for(router, call, &found))
        return NULL;
    memcpy(call->params, found.params, sizeof call->params);
    if (router->known && !router->known(router->ctx, call))
        return NULL;
    struct gb_bytes keys = gb_bytes_str(found.route->pattern);
    (void)query_cut(&keys);
    if (!query_only(http_request_queries(request), keys)) {
        http_refuse(request, 400, "bad-query",
                    "This route does not take this query, or not twice, or it is malformed.",
                    "See docs/api for what it takes.");
        return NULL;
    }
    if (http_request_length(request) > found.route->max_body) {
        http_refuse(request, 413, "body-too-long", "The body is longer than this route takes.", "");
        return NULL;
    }
    return found.route;
}

bool router_admit(void *ctx, struct http_request *request)
{
    struct route_call call = {.request = request};
    return look(ctx, &call) != NULL;
}

void router_handle(void *ctx, struct http_request *request)
{
    const struct router *router = ctx;
    struct route_call call = {.request = request};
    const struct route *route = look(router, &call);
    if (route)
        route->handle(router->ctx, &call);
}
