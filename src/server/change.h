/* An operator's change: written, recorded as an event, answered when it is durable. */
#ifndef GB_SERVER_CHANGE_H
#define GB_SERVER_CHANGE_H

#include "net/router.h"
#include "server/work.h"

struct change {
    struct work work; /* first; its `then` is change_durable unless the handler has more to do */
    const char *who;
    const char *what; /* "token.create" */
    const char *whom;
    const char *why; /* NULL: nothing to add */
    enum refusal not_found;
    int status;        /* of the answer */
    struct json *body; /* owned; NULL: an empty answer */
};

/* NULL: refused and answered. */
struct change *change_new(struct thread *thread, const struct route_call *call, const char *what);
/* Answers by the result of the write. */
void change_durable(struct work *work);

#endif
