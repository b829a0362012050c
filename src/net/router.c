#include "net/router.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_server.h"
#include "net/query.h"
#include "net/route_match.h"
#include "net/tls.h"

void router_refuse(struct http_request *request, const struct route_refusal *why)
{
    if (why->allow[0])
        http_answer_header(request, "Allow", why->allow);
    http_refuse(request, why->status, why->code, why->message, why->remedy);
}

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

static bool refuse(const struct router *router, const struct route_call *call,
                   const struct route_refusal *why)
{
    if (router->refuse)
        router->refuse(router->ctx, call, why);
    else
        router_refuse(call->request, why);
    return false;
}

struct found {
    const struct route *route;
    bool path;                 /* some route has this path */
    char methods[ROUTE_ALLOW]; /* "GET, POST" for Allow */
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

static const struct route_refusal forbidden = {
    403, "forbidden", "This certificate may not call this route.",
    "Use the certificate of a node or an operator that may.", ""};
static const struct route_refusal not_this = {
    403, "forbidden", "This caller may not call this route.", "See docs/api for who may.", ""};
static const struct route_refusal no_route = {404, "no-such-route", "There is no such path here.",
                                              "", ""};
static const struct route_refusal no_method = {405, "method-not-allowed",
                                               "This path has no such method.", "", ""};
static const struct route_refusal expired = {
    403, "certificate-expired", "The certificate has expired.",
    "Renew it; past the grace for renewals, enrol again.", ""};
static const struct route_refusal bad_query = {
    400, "bad-query", "This route does not take this query, or not twice, or it is malformed.",
    "See docs/api for what it takes.", ""};
static const struct route_refusal too_long = {413, "body-too-long",
                                              "The body is longer than this route takes.", "", ""};

/* Who calls; false: refused. */
static bool identify(const struct router *router, struct route_call *call)
{
    call->role = role_of(router, call);
    if (router->identify)
        return router->identify(router->ctx, call);
    return call->role != ROUTE_NOBODY || refuse(router, call, &forbidden);
}

static bool is_late(const struct route_call *call, const struct route *route)
{
    const struct tls_peer *peer = http_request_peer(call->request);
    return peer->has_cert && !(route->flags & ROUTE_EXPIRED_OK) && peer->not_after_s < gb_clock_s();
}

/* Which route, and whether this caller may. Paths are told to nobody who may call none of them:
 * strangers to us hear 403 for all. */
static bool find_for(const struct router *router, struct route_call *call, struct found *found)
{
    if (!identify(router, call))
        return false;
    find(router, call->request, found);
    if (!found->path)
        return refuse(router, call, &no_route);
    if (!found->route) {
        struct route_refusal why = no_method;
        memcpy(why.allow, found->methods, sizeof why.allow);
        return refuse(router, call, &why);
    }
    if (!(found->route->callers & (unsigned)call->role))
        return refuse(router, call, &not_this);
    if (is_late(call, found->route))
        return refuse(router, call, &expired);
    return true;
}

static size_t max_body(const struct router *router, const struct route *route, enum route_role role)
{
    bool less = role == ROUTE_NODE && router->node_body > 0 && router->node_body < route->max_body;
    return less ? router->node_body : route->max_body;
}

/* NULL: refused. */
static const struct route *look(const struct router *router, struct route_call *call)
{
    struct http_request *request = call->request;
    struct found found = {0};
    if (!find_for(router, call, &found))
        return NULL;
    const struct route *route = found.route;
    memcpy(call->params, found.params, sizeof call->params);
    if (router->known) {
        if (!router->known(router->ctx, route, call))
            return NULL;
    } else if (call->role == ROUTE_PERSON) {
        refuse(router, call, &not_this);
        return NULL;
    }
    struct gb_bytes keys = gb_bytes_str(route->pattern);
    (void)query_cut(&keys);
    if (!query_only(http_request_queries(request), keys)) {
        refuse(router, call, &bad_query);
        return NULL;
    }
    if (http_request_length(request) > max_body(router, route, call->role)) {
        refuse(router, call, &too_long);
        return NULL;
    }
    return route;
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
    if (!route)
        return;
    if (router->enter)
        router->enter(router->ctx, route, &call);
    else
        route->handle(router->ctx, &call);
}
