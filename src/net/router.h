/* Routes in one const table a program. What is not in the table, or not for this caller, is
 * refused: deny by default (T19; a test walks the table). */
#ifndef GB_NET_ROUTER_H
#define GB_NET_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "net/http_server.h"

/* Who may call: told by the listener and by the SPIFFE ID of the certificate. 0 means nobody. */
enum route_role {
    ROUTE_NOBODY = 0,
    ROUTE_STRANGER = 1 << 0, /* no certificate; only on the enrolment listener */
    ROUTE_NODE = 1 << 1,     /* spiffe://<trust-domain>/node/<id>, or /joining/<id>: one that was
                                not seen trusted yet; here they are the same */
    ROUTE_OPERATOR = 1 << 2, /* spiffe://<trust-domain>/operator/<name> */
};

enum { ROUTE_MAX_PARAMS = 3 };

struct route_call {
    struct http_request *request;
    enum route_role role;
    struct gb_bytes name; /* of the caller: node id or operator name, from its certificate */
    struct gb_bytes params[ROUTE_MAX_PARAMS]; /* what stood for {..} in the pattern */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which tables read */
struct route {
    enum http_method method;
    const char *pattern; /* "/v1/nodes/{node}/attest", "/v1/nodes?since": with the keys of a query
                            that it takes, '&' between them; NULL ends the table */
    unsigned roles;      /* of enum route_role */
    size_t max_body;
    bool expired_ok; /* also with a certificate past its date: a node that is not trusted is not
                        renewed, and must still be able to prove itself; else 403
                        certificate-expired */
    void (*handle)(void *ctx, const struct route_call *call);
    const char *summary; /* as in the OpenAPI document */
};

struct router {
    const struct route *routes;
    const char *trust_domain;
    void *ctx;
    bool enrolment; /* this listener admits strangers, and nobody else */
    /* Whether this caller is known, where the table lets it in: false when it has refused. Without
     * I/O, for it is asked before the body is read and again before the route's turn. NULL: all. */
    bool (*known)(void *ctx, const struct route_call *call);
};

/* An http_admit: `ctx` is a struct router. 404 for no such path, 405 with Allow, 403 for a caller
 * who may not, 400 for a query that the route does not take, 413: before the body is read. */
bool router_admit(void *router, struct http_request *request);
/* The http_handler to it: looks again, for a body may take a minute. */
void router_handle(void *router, struct http_request *request);

#endif
