#include "server/nodes/next.h"

#include "attest/attest.h"
#include "attest/next.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/api/answer.h"
#include "server/config.h"
#include "server/ledger/round.h"
#include "server/nodes/nodes.h"
#include "server/nodes/nonce.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "wire/json.h"

struct json *next_json(struct thread *thread, struct gb_arena *arena, struct node *node)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    const struct config *config = thread->server->config;
    uint64_t ima_from = 0;
    struct gb_err err;
    if (nonce_issue(&node->nonce, gb_clock_ms(), gb_clock_s(), &err) < 0) {
        gb_log_err(GB_LOG_ERROR, "no-nonce", &err);
        return NULL;
    }
    const struct trust trust = round_trust(snapshot, node);
    bool continues = progress_continues(&node->progress, &trust, &ima_from);
    struct json *send = json_new_object();
    json_set(send, "boot_log", json_bool(!continues));
    json_set(send, "ima_from", json_number(continues ? ima_from : 0));
    struct json *next = json_new_object();
    json_set(next, "nonce", answer_base64(arena, gb_bytes(node->nonce.bytes, NONCE_SIZE)));
    json_set(next, "expires_in_s", json_number((uint64_t)config->nonce_life_s));
    json_set(next, "interval_s", json_number((uint64_t)config->interval_s));
    json_set(next, "send", send);
    return next;
}
