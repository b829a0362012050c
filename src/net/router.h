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
    ROUTE_PERSON = 1 << 2,   /* spiffe://<trust-domain>/operator/<name>, or whom `identify` knows */
};

enum route_flag {
    ROUTE_EXPIRED_OK = 1 << 0, /* also with a certificate past its date: a node that is not trusted
                                  is not renewed, and must still be able to prove itself; else 403
                                  certificate-expired */
    ROUTE_UNRECORDED = 1 << 1, /* a call leaves no record: probes and metrics, each few seconds */
    ROUTE_PROBE = 1 << 2,      /* people's certificates without a role, too: it says how we are, and
                                  nothing of anybody */
};

enum { ROUTE_MAX_PARAMS = 3, ROUTE_ALLOW = 64 };

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
    unsigned callers;    /* of enum route_role */
    unsigned people;     /* which people: a mask that `known` understands; 0 with ROUTE_PERSON is
                            nobody */
    unsigned action;     /* what a person changes by it, as `enter` counts; 0: nothing */
    size_t max_body;
    unsigned flags; /* of enum route_flag */
    void (*handle)(void *ctx, const struct route_call *call);
    const char *summary; /* as in the OpenAPI document */
};

/* Texts are constants, so that a copy may be kept. */
struct route_refusal {
    int status;
    const char *code;
    const char *message;
    const char *remedy;
    char allow[ROUTE_ALLOW]; /* the header Allow of a 405: "GET, POST"; "" */
};

/* Hooks are without I/O; each may be NULL. What refuses answers the request, at once or later. */
struct router {
    const struct route *routes;
    const char *trust_domain;
    void *ctx;
    bool enrolment;   /* this listener admits strangers, and nobody else */
    size_t node_body; /* what a node may send at most, whatever its route says; 0: as that says */
    /* Who calls: role and name are as the certificate says (ROUTE_NOBODY: nothing, or nobody of
     * ours); false when it has refused. NULL: by the certificate. */
    bool (*identify)(void *ctx, struct route_call *call);
    /* Whether this caller is known, and may call what the table lets its like in for: false when it
     * has refused. Asked before the body is read and again before the route's turn. NULL: all, but
     * no people. */
    bool (*known)(void *ctx, const struct route *route, const struct route_call *call);
    /* Refuses; NULL: http_refuse. */
    void (*refuse)(void *ctx, const struct route_call *call, const struct route_refusal *why);
    /* The route's turn; NULL: its handler's. */
    void (*enter)(void *ctx, const struct route *route, const struct route_call *call);
};

/* An http_admit: `ctx` is a struct router. 404 for no such path, 405 with Allow, 403 for a caller
 * who may not, 400 for a query that the route does not take, 413: before the body is read. */
bool router_admit(void *router, struct http_request *request);
/* The http_handler to it: looks again, for a body may take a minute. */
void router_handle(void *router, struct http_request *request);
/* The plain refusal, for hooks that have done what else they do. */
void router_refuse(struct http_request *request, const struct route_refusal *why);

#endif
