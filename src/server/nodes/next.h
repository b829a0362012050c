/* NEXT of docs/api: what a node shall answer, and what of its logs it shall send. */
#ifndef GB_SERVER_NEXT_H
#define GB_SERVER_NEXT_H

#include "server/server.h"
#include "wire/json.h"

/* Issues a nonce to a taken node. NULL when that failed (logged): nothing is outstanding then. */
struct json *next_json(struct thread *thread, struct gb_arena *arena, struct node *node);

#endif
