/*
 * The two-person rule: calls that wait for a second person, who makes the same call within an hour.
 * In memory, bounded: a restart forgets what waits. Any thread.
 */
#ifndef GB_SERVER_SECOND_H
#define GB_SERVER_SECOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/access/access.h"

enum {
    SECOND_ID = 8,
    SECOND_MAX = 256,     /* calls that wait; some 1 KB each */
    SECOND_MAX_EACH = 16, /* of one person: who asks for more shuts out nobody else */
    SECOND_LIFE_S = 3600,
    SECOND_DONE_S = 5, /* how long a call that was carried out is known: a third who comes in the
                           same moment does not ask anew */
    SECOND_CALL = 512, /* "DELETE /v1/nodes/worker-1"; longer ones are shown cut */
    SECOND_NAME = 256,
    SECOND_IDENTITY = 768, /* issuer and subject of a token */
};

/* When, and under which trust: what was asked under another one is forgotten, for who may ask and
 * agree may have changed with it. */
struct second_now {
    int64_t ms; /* of the clock that only goes forward: this one counts */
    int64_t s;
    uint64_t trust_id;
};

/* A call, as it is asked for. Borrowed. */
struct second_call {
    uint8_t digest[32];   /* over method, path, query and body: two of the same are one call */
    const char *identity; /* of the person: struct person */
    const char *name;
    enum access_action action;
    uint32_t people;  /* who may make it */
    const char *call; /* for people: method and path */
};

/* One that waits. */
struct second_wait {
    uint8_t id[SECOND_ID];
    uint8_t digest[32];
    char identity[SECOND_IDENTITY]; /* who asked */
    char name[SECOND_NAME];
    char call[SECOND_CALL];
    enum access_action action;
    uint32_t people;
    int64_t asked_s;
    int64_t expires_s;
    int64_t expires_ms;
    uint64_t trust_id;
    enum second_state { SECOND_WAITS, SECOND_TAKEN, SECOND_DONE } state;
};

struct second;

GB_MUST_USE int second_new(struct second **ret_second, struct gb_err *err);
void second_free(struct second *second);

enum second_answer {
    SECOND_ASKED,    /* *ret_wait waits now */
    SECOND_STILL,    /* it does since this person asked before */
    SECOND_AGREED,   /* somebody else asked for it: *ret_wait is the caller's to carry out, alone */
    SECOND_UNDERWAY, /* two have agreed already, and it is being carried out or was just now */
    SECOND_FULL,
    SECOND_FAILED, /* no chance to be had for an id */
};
/* *ret_wait is written on ASKED, STILL and AGREED only. */
GB_MUST_USE enum second_answer second_ask(struct second *second, const struct second_call *call,
                                          const struct second_now *now,
                                          struct second_wait *ret_wait);
/* After AGREED: it is carried out, or waits again as before. */
void second_settle(struct second *second, const uint8_t id[SECOND_ID], bool carried_out,
                   int64_t now_ms);
/* Nobody agrees to it from now on: false when two have already, or it is gone. Then second_forget,
 * or second_settle as not carried out. */
GB_MUST_USE bool second_hold(struct second *second, const uint8_t id[SECOND_ID]);
/* What was asked, and is not carried out, is as if it had not been. */
void second_forget(struct second *second, const uint8_t id[SECOND_ID]);
/* Those that wait, oldest first, in the arena. */
GB_MUST_USE int second_list(struct second *second, struct gb_arena *arena,
                            const struct second_now *now, struct second_wait **ret_waits,
                            size_t *ret_count, struct gb_err *err);
/* GB_ERR_NOTFOUND: nothing waits under this id. */
GB_MUST_USE int second_find(struct second *second, const uint8_t id[SECOND_ID],
                            const struct second_now *now, struct second_wait *ret_wait,
                            struct gb_err *err);

#endif
