/* The two-person rule at the gate: the first call is kept, the same one of another person carries
 * it out, both named in the ledger. */
#ifndef GB_SERVER_CALL_SECOND_H
#define GB_SERVER_CALL_SECOND_H

#include <stdbool.h>
#include <stdint.h>

#include "net/router.h"
#include "server/api/second.h"
#include "server/server.h"

/* Whether what is in force asks for two people here. Policy is not among it: its documents carry
 * two signatures. */
bool call_needs_second(struct thread *thread, const struct route *route);
/* Answers 202 with what waits, or has the handler answer. `body` is the body's SHA-256; `call`
 * lives as long as the request. */
void call_second(struct thread *thread, const struct route *route, const struct route_call *call,
                 const uint8_t body[32]);

/* The present, as the table of what waits counts it. */
struct second_now second_now(struct thread *thread);
/* {"id","call","by","action","asked_at","expires_at"}. */
struct json *second_json(struct gb_arena *arena, const struct second_wait *wait);

#endif
