/* One change of documents, from a request's body to what would be in force. In the pool; nothing is
 * changed by it. */
#ifndef GB_SERVER_APPLY_H
#define GB_SERVER_APPLY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "rpc/keyd.h"
#include "server/api/refusals.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "store/store.h"

struct apply_plan {
    struct store_document *stored; /* what is stored now */
    size_t stored_count;
    struct store_document *fresh; /* what is to be stored */
    size_t count;
    struct store_document *all; /* what is stored then */
    size_t all_count;
    struct snapshot *snapshot; /* owned: made of `all` */
    enum refusal why;          /* with a failure: what to say */
};

/* Reads, compares and judges: all of it is read as it will be in force. On failure plan->why fits
 * the error. */
GB_MUST_USE int apply_prepare(struct server *server, struct gb_arena *arena, struct gb_bytes body,
                              struct apply_plan *plan, struct gb_err *err);
/* In the pool, after apply_prepare: whether garboard-keyd would take all of it. On failure
 * plan->why fits the error. */
GB_MUST_USE int apply_try(struct keyd_client *keyd, struct gb_arena *arena, struct apply_plan *plan,
                          struct gb_err *err);
/* "new", "deleted", "same", "signed" (the same words with more signatures) or "changed". */
const char *apply_word(const struct apply_plan *plan, const struct store_document *fresh);

#endif
