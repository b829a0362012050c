/* Which nodes run what: the sets that each node's last verdict matched, as the server tells. */
#ifndef GB_CLI_ROLLOUT_H
#define GB_CLI_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/server_client.h"
#include "wire/json.h"

/* One set, and who runs it. */
struct rollout_set {
    struct rollout_set *next;
    const char *name;
    const char *cls;
    const char *life; /* as it is in force now */
    uint64_t version;
    size_t matched;    /* nodes whose last verdict matched something of it */
    size_t rest;       /* of those: trusted ones that no other accepted set carries */
    size_t stale;      /* of those that matched: without a fresh proof */
    const char *names; /* of the first that rest on it */
};

struct rollout {
    struct rollout_set *sets;
    size_t nodes;
    size_t trusted;
    size_t stale;
    size_t unmatched;    /* untrusted, and no set accepts what they run */
    struct json *answer; /* owned: GET /v1/rollout */
};

/* 0; an exit code when the server refused; a negative code. In the arena, but `answer`. */
GB_MUST_USE int rollout_get(struct gb_arena *arena, struct server_client *client,
                            struct rollout *ret_rollout, struct gb_err *err);
void rollout_done(struct rollout *rollout);

#endif
