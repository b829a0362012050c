#include "server/api/caller.h"

#include <string.h>

#include "base/utf8.h"
#include "net/http_server.h"
#include "net/router.h"
#include "net/tls.h"
#include "server/api/answer.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "store/store.h"

bool caller_known(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    const struct tls_peer *peer = http_request_peer(call->request);
    uint8_t id[STORE_ID];
    if (call->role != ROUTE_NODE)
        return true; /* a stranger: the table has let them in */
    int r = node_id_parse(call->name, id)
                ? nodes_check(thread->server->nodes, id, peer->fingerprint)
                : GB_ERR_NOTFOUND;
    if (r == GB_OK)
        return true;
    answer_refuse(thread, call->request,
                  r == GB_ERR_DENIED ? REFUSAL_KEY_FOREIGN : REFUSAL_NODE_UNKNOWN, NULL);
    return false;
}

struct node *caller_take(struct thread *thread, const struct route_call *call)
{
    struct nodes *nodes = thread->server->nodes;
    uint8_t id[STORE_ID];
    struct node *node = NULL;
    int r = node_id_parse(call->name, id) ? nodes_take(nodes, id, &node, NULL) : GB_ERR_NOTFOUND;
    if (r < 0) {
        answer_refuse(thread, call->request,
                      r == GB_ERR_AGAIN ? REFUSAL_BUSY : REFUSAL_NODE_UNKNOWN, NULL);
        return NULL;
    }
    const struct tls_peer *peer = http_request_peer(call->request);
    if (memcmp(peer->fingerprint, node->transport, sizeof node->transport) == 0)
        return node;
    nodes_give(nodes, node);
    answer_refuse(thread, call->request, REFUSAL_KEY_FOREIGN, NULL);
    return NULL;
}

const char *caller_name(struct gb_arena *arena, const struct route_call *call)
{
    const char *kind = call->role == ROUTE_PERSON ? "operator" : "node";
    const char *name =
        gb_arena_printf(arena, "%s/%.*s", kind, (int)call->name.len, (const char *)call->name.data);
    return name ? name : kind;
}

struct record_party caller_party(struct gb_arena *arena, const struct route_call *call)
{
    const struct person *person = person_of(call->request);
    return person ? record_person(person->identity) : record_text(caller_name(arena, call));
}

enum { WHY_MAX = 512 };
static const char WHY[] = "Garboard-Why";

/* Some text, that can be shown as it is. */
static bool is_line(struct gb_bytes text)
{
    uint32_t code;
    for (size_t at = 0, len; at < text.len; at += len) {
        len = gb_utf8_at(text, at, &code);
        if (len == 0 || !gb_utf8_printable(code))
            return false;
    }
    return text.len > 0;
}

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* RFC 3986, 2.1: what is no printable ASCII comes as %NN. */
static bool unquote(struct gb_bytes in, char out[WHY_MAX + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        int c = in.data[i];
        if (c == '%') {
            int high = in.len - i > 2 ? hex_digit(in.data[i + 1]) : -1;
            int low = in.len - i > 2 ? hex_digit(in.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = 16 * high + low;
            i += 2;
        }
        if (len == WHY_MAX)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return is_line(gb_bytes(out, len));
}

struct record_party caller_why(struct gb_arena *arena, const struct http_request *request)
{
    char text[WHY_MAX + 1];
    struct gb_bytes header = http_request_header(request, WHY);
    if (header.len == 0 || !unquote(header, text))
        return record_text(NULL);
    return record_person(gb_arena_printf(arena, "%s", text));
}

bool caller_why_ok(const struct http_request *request)
{
    char text[WHY_MAX + 1];
    struct gb_bytes header = http_request_header(request, WHY);
    return !header.data || unquote(header, text);
}
