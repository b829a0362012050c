/*
 * The whole fleet's kept evidence under changed documents: what each node's next round would say,
 * were they in force. Runs in the pool in short slices, so that rounds and people come between;
 * memory is one node's evidence a lane, and a bounded answer. Signatures of the documents are taken
 * for granted, freshness is not looked at: only what evidence and policy make of each other.
 */
#ifndef GB_SERVER_SIMULATION_H
#define GB_SERVER_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "server/server.h"

enum {
    SIMULATION_ID = 8,
    SIMULATION_ANSWER = 48 << 20, /* bytes of changes that are kept; the rest is counted */
    SIMULATION_NAMES = 1 << 20,   /* likewise of names without evidence */
    SIMULATION_SHADOW_NODES =
        20, /* that a policy in the shadow would not trust; the rest is counted */
    SIMULATION_ALONE_MS = 60 * 1000, /* nobody asked for so long: who began it is gone */
};

enum simulation_state {
    SIMULATION_RUNNING,
    SIMULATION_DONE,
    SIMULATION_FAILED,
    SIMULATION_CANCELLED
};

struct simulation;

/* In the pool: reads `body` as documents that replace or join the stored ones, and lists the nodes.
 * Runs nothing yet. GB_ERR_CONFIG names document, line and field; LIMIT, NOMEM, IO. */
GB_MUST_USE int simulation_new(struct server *server, struct gb_bytes body,
                               struct simulation **ret_simulation, struct gb_err *err);
struct simulation *simulation_ref(struct simulation *simulation);
void simulation_unref(struct simulation *simulation);

/* Any thread, all below. Queues its lanes; false when the pool is full: it never runs. */
GB_MUST_USE bool simulation_start(struct simulation *simulation);
void simulation_cancel(struct simulation *simulation);
const uint8_t *simulation_id(const struct simulation *simulation);
enum simulation_state simulation_state(struct simulation *simulation);
/* When it ended, monotonic; 0: it runs. */
int64_t simulation_ended_ms(struct simulation *simulation);
/* Cancels it when nobody has asked for it for SIMULATION_ALONE_MS; its lanes look now and then. */
void simulation_look(struct simulation *simulation, int64_t now_ms);
/* Appends its resource (docs/api), JSON, for somebody who asks. Failure sticks in `out`. */
void simulation_write(struct simulation *simulation, struct gb_buf *out);

#endif
