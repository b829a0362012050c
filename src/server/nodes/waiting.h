/* Nodes that asked to join without token or listing and wait for an operator. In memory, bounded,
 * few for each remote network, and they expire: whoever asks costs one hash and one look-up. */
#ifndef GB_SERVER_WAITING_H
#define GB_SERVER_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum { WAITING_NAME = 254, WAITING_REMOTE = 64, WAITING_NETWORK = 8 };

struct waiting_node {
    char name[WAITING_NAME];
    char remote[WAITING_REMOTE];      /* address without port */
    uint8_t network[WAITING_NETWORK]; /* an IPv6 /64, or an IPv4 address behind a zero */
    uint64_t asks;                    /* how often somebody asked with this EK */
    uint8_t ek[32];
    int64_t asked_s;    /* UTC, for people */
    int64_t expires_ms; /* monotonic */
};

struct waiting;

GB_MUST_USE int waiting_new(size_t max, size_t max_each, int64_t life_ms,
                            struct waiting **ret_waiting, struct gb_err *err);
void waiting_free(struct waiting *waiting);
/* Notes the node; what stands of this EK stays as it was first said, and lives on when the same is
 * said again. `remote` is "address:port". False when the table, or the share of the remote (IPv6:
 * of its /64), is full. Any thread; so all below. */
GB_MUST_USE bool waiting_ask(struct waiting *waiting, const char *name, const uint8_t ek[32],
                             const char *remote, int64_t now_ms, int64_t now_s);
/* It may come in, or is not wanted. */
void waiting_remove(struct waiting *waiting, const uint8_t ek[32]);
/* All that have not expired, copied to the arena, oldest first. GB_ERR_NOMEM. */
GB_MUST_USE int waiting_list(struct waiting *waiting, struct gb_arena *arena, int64_t now_ms,
                             struct waiting_node **ret_nodes, size_t *ret_count,
                             struct gb_err *err);

#endif
