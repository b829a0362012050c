/* What handlers share: parts that guard themselves, and what never changes while the service runs.
 * Handlers get a struct thread: the loop that they run on, with what is its own. */
#ifndef GB_SERVER_SERVER_H
#define GB_SERVER_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "crypto/digest.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "os/pool.h"
#include "rpc/keyd.h"
#include "server/config.h"
#include "server/courier.h"
#include "server/ledger/scribe.h"
#include "server/nodes/liveness.h"
#include "server/nodes/nodes.h"
#include "server/nodes/tickets.h"
#include "server/nodes/waiting.h"
#include "server/snapshot.h"
#include "server/stats.h"
#include "server/token_keys.h"
#include "store/store.h"

enum { SERVER_MAX_THREADS = 64 };

/* What a thread of the pool owns. */
struct worker_parts {
    struct keyd_client *keyd;
    struct digester *digester;
};

struct bearer;
struct issuer_keys;
struct refused;
struct second;
struct simulations;
struct witnessed;

struct server {
    const struct config *config; /* of the start: what SIGHUP changes is elsewhere */
    struct liveness_spans spans;
    struct gb_bytes ca_pem;
    struct store *store;
    struct scribe *scribe;
    struct keyd_client *ledger_keyd; /* the ledger's thread's */
    struct witnessed *witnessed;
    struct nodes *nodes;
    struct tickets *tickets;
    struct waiting *waiting;
    struct snapshot_holder *trust;
    struct token_keys *token_keys;
    struct issuer_keys *issuer_keys;
    struct second *second;
    struct simulations *simulations;
    struct refused *refused;
    struct pool *pool;
    struct worker_parts workers[SERVER_MAX_THREADS];
    struct stats stats;
    struct courier courier;
    atomic_bool applying; /* one change of what is trusted at a time: by policy or by reload */
    atomic_bool stopping;
    const struct thread *threads; /* for /metrics */
    size_t thread_count;
};

struct thread {
    struct server *server;
    struct loop *loop;
    struct digester *digester;
    struct http_server *api;
    struct http_server *enroll;
    struct http_server *people; /* NULL: people_port is 0 */
    struct bearer *bearer;
};

#endif
