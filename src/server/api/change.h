/* An operator's change: written together with its entry of the ledger, answered when it is durable.
 */
#ifndef GB_SERVER_CHANGE_H
#define GB_SERVER_CHANGE_H

#include "net/router.h"
#include "server/ledger/record.h"
#include "server/work.h"

struct change {
    struct work work; /* first; its `then` is change_durable unless the handler has more to do */
    struct record record; /* what and who are said; whom, why and data are the handler's */
    const char *by;       /* "operator/alice", for tables that say who made it */
    enum refusal not_found;
    int status;        /* of the answer */
    struct json *body; /* owned; NULL: an empty answer */
};

/* NULL: refused and answered. */
struct change *change_new(struct thread *thread, const struct route_call *call,
                          enum entry_what what);
/* The same for a struct that begins with a struct change. */
void change_init(struct change *change, const struct route_call *call, enum entry_what what);
/* What the store writes beside the change: the last word before it is given there. */
GB_MUST_USE const struct store_entry *change_entry(struct change *change);
/* Answers by the result of the write. */
void change_durable(struct work *work);

#endif
