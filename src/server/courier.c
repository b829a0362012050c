#include "server/courier.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "os/pool.h"
#include "rpc/keyd.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/start.h"
#include "store/store.h"

enum { FIRST_TRY_MS = 2000, MIN_WAIT_MS = 1000, MAX_WAIT_MS = 60000 };

const char *courier_word(enum courier_state state)
{
    switch (state) {
    case COURIER_THERE:
        return "ok";
    case COURIER_REFUSED:
        return "garboard-keyd refuses the documents in force: see both logs";
    case COURIER_NONE:
    case COURIER_WAITING:
        break;
    }
    return "garboard-keyd does not have the documents in force yet";
}

int courier_send(struct keyd_client *keyd, struct gb_arena *arena,
                 const struct store_document *documents, size_t count, bool trial,
                 struct gb_err *err)
{
    struct gb_bytes *texts = gb_arena_new_array(arena, struct gb_bytes, count + 1);
    if (!texts)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++)
        texts[i] = documents[i].text;
    const struct keyd_policy_ask ask = {texts, count, trial};
    return keyd_policy(keyd, &ask, err);
}

bool courier_agreed(const struct server *server)
{
    return atomic_load(&server->courier.agreed);
}

/* The stored documents once more, with keyd's word on them: NULL, or why none counts. */
static int judge_again(struct server *server, const struct snapshot *current, const char *refused,
                       struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct store_document *documents;
    struct snapshot *snapshot = NULL;
    struct snapshot_parts parts = {.roots = snapshot_roots(current),
                                   .officers = snapshot_officers(current),
                                   .refused = refused};
    if (!arena)
        return gb_err_nomem(err);
    int r = store_document_list(server->store, arena, &documents, &parts.count, err);
    parts.documents = documents;
    if (r == GB_OK)
        r = snapshot_new(&parts, &snapshot, err);
    if (r == GB_OK)
        start_set_trust(server, snapshot);
    return r;
}

/* Documents that keyd refuses were set back, or somebody else's: neither roles nor verdicts come of
 * them. While keyd is only away, what it said last holds. */
static void follow(struct server *server, enum courier_state state)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *current = snapshot_get(server->trust);
    bool refused = state == COURIER_REFUSED;
    struct gb_err err;
    if ((state != COURIER_THERE && !refused) || !current)
        return;
    atomic_store(&server->courier.agreed, !refused);
    if ((snapshot_refused(current) != NULL) == refused ||
        judge_again(server, current, refused ? courier_word(state) : NULL, &err) == GB_OK)
        return;
    gb_log_err(GB_LOG_ERROR, "trust-not-read", &err);
    atomic_store(&server->courier.agreed, false);
    atomic_store(&server->courier.again, true);
}

void courier_note(struct server *server, int result, const struct gb_err *err)
{
    int state = result == GB_OK                                     ? COURIER_THERE
                : result == GB_ERR_DENIED || result == GB_ERR_LIMIT ? COURIER_REFUSED
                                                                    : COURIER_WAITING;
    int before = atomic_exchange(&server->courier.state, state);
    atomic_store(&server->courier.again, false);
    follow(server, (enum courier_state)state);
    if (state == before)
        return;
    if (state == COURIER_THERE)
        gb_log_event(GB_LOG_INFO, "documents-at-keyd");
    else
        gb_log_err(state == COURIER_REFUSED ? GB_LOG_ERROR : GB_LOG_WARNING,
                   "documents-not-at-keyd", err);
}

static int send_stored(struct server *server, struct keyd_client *keyd, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct store_document *documents;
    size_t count;
    if (!arena)
        return gb_err_nomem(err);
    int r = store_document_list(server->store, arena, &documents, &count, err);
    return r < 0 ? r : courier_send(keyd, arena, documents, count, false, err);
}

/* What does not count here would not count there: that is told by others. */
static bool counts(struct server *server)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    return snapshot && (!snapshot_fault(snapshot) || snapshot_refused(snapshot));
}

void courier_start(struct server *server)
{
    gb_cleanup(keyd_client_freep) struct keyd_client *keyd = NULL;
    struct gb_err err = {0};
    if (!counts(server))
        return;
    int r = keyd_client_new(server->config->keyd_socket, FIRST_TRY_MS, &keyd, &err);
    if (r == GB_OK)
        r = send_stored(server, keyd, &err);
    courier_note(server, r, &err);
}

/* An apply or a reload that came meanwhile goes first: theirs is the newer word. */
static void in_pool(void *ctx, unsigned worker)
{
    struct server *server = ctx;
    struct gb_err err = {0};
    courier_note(server, send_stored(server, server->workers[worker].keyd, &err), &err);
    atomic_store(&server->applying, false);
}

void courier_tick(struct server *server)
{
    struct courier *courier = &server->courier;
    int64_t now_ms = gb_clock_ms();
    if (atomic_load(&courier->state) == COURIER_THERE && !atomic_load(&courier->again)) {
        courier->wait_ms = 0;
        return;
    }
    if (now_ms < courier->next_ms || !counts(server) || atomic_exchange(&server->applying, true))
        return;
    courier->wait_ms = 2 * courier->wait_ms + MIN_WAIT_MS;
    if (courier->wait_ms > MAX_WAIT_MS)
        courier->wait_ms = MAX_WAIT_MS;
    courier->next_ms = now_ms + courier->wait_ms;
    if (!pool_run(server->pool, in_pool, server))
        atomic_store(&server->applying, false);
}
