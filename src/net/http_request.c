/* What a handler may ask of a request. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "net/http_conn.h"
#include "net/http_head.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/query.h"
#include "net/tls.h"
#include "net/tls_ossl.h"

static struct gb_bytes target_of(const struct http_request *request)
{
    return gb_bytes(request->conn->in + request->head.target, request->head.target_len);
}

enum http_method http_request_method(const struct http_request *request)
{
    return request->head.method;
}

struct gb_bytes http_request_path(const struct http_request *request)
{
    struct gb_bytes target = target_of(request);
    return query_cut(&target);
}

struct gb_bytes http_request_queries(const struct http_request *request)
{
    struct gb_bytes query = target_of(request);
    (void)query_cut(&query);
    return query;
}

bool http_request_query(struct http_request *request, const char *name, struct gb_bytes *ret_value)
{
    struct gb_bytes query = http_request_queries(request);
    struct gb_arena *arena = http_request_arena(request);
    return arena && query_find(arena, query, name, ret_value);
}

struct gb_bytes http_request_header(const struct http_request *request, const char *name)
{
    struct http_conn *conn = request->conn;
    return http_head_field(&request->head, gb_bytes(conn->in, conn->scanned), name);
}

uint64_t http_request_length(const struct http_request *request)
{
    return request->head.content_length;
}

struct gb_bytes http_request_body(struct http_request *request)
{
    struct http_conn *conn = request->conn;
    return gb_bytes(conn->in + conn->scanned, (size_t)request->head.content_length);
}

const struct tls_peer *http_request_peer(const struct http_request *request)
{
    return tls_peer_of(request->conn->ssl);
}

const char *http_request_remote(const struct http_request *request)
{
    const union conn_address *address = &request->conn->address;
    char *out = request->conn->request.remote;
    char ip[INET6_ADDRSTRLEN] = "?";
    bool v4 = address->any.sa_family == AF_INET;
    const void *bits = v4 ? (const void *)&address->v4.sin_addr : &address->v6.sin6_addr;
    (void)inet_ntop(address->any.sa_family, bits, ip, sizeof ip);
    (void)snprintf(out, sizeof request->remote, v4 ? "%s:%u" : "[%s]:%u", ip,
                   (unsigned)ntohs(v4 ? address->v4.sin_port : address->v6.sin6_port));
    return out;
}

struct gb_arena *http_request_arena(struct http_request *request)
{
    if (!request->arena)
        request->arena = gb_arena_new();
    return request->arena;
}

void http_request_keep(struct http_request *request, void *what)
{
    request->kept = what;
}

void *http_request_kept(const struct http_request *request)
{
    return request->kept;
}

struct loop *http_request_loop(const struct http_request *request)
{
    return request->conn->loop;
}
