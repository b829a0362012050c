/*
 * A bounded table of things that are good once and for a short time: challenges, nonces. A slot's
 * id is random but for its first four bytes, which are its place: looking up costs nothing. Not
 * thread-safe: its owner locks.
 */
#ifndef GB_KEYD_SLOTS_H
#define GB_KEYD_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

enum { SLOT_ID = 32 };

struct slot {
    uint8_t id[SLOT_ID];
    int64_t expires_ms; /* 0: free */
};

struct slots {
    struct slot *slots; /* owned */
    size_t count;
    size_t next;           /* where to look for a free one: the oldest is near */
    int64_t full_until_ms; /* nothing is free before */
};

GB_MUST_USE int slots_init(struct slots *slots, size_t count, struct gb_err *err);
void slots_done(struct slots *slots);
/* Takes a slot that is free or has expired (the caller drops what it kept there), with a new id.
 * GB_ERR_AGAIN when there is none; IO. */
GB_MUST_USE int slots_add(struct slots *slots, int64_t now_ms, int64_t life_ms, size_t *ret_place,
                          struct gb_err *err);
/* The place of the living slot whose id begins with these bytes (`len` from 16 to SLOT_ID); false
 * when it is unknown or expired. */
bool slots_find(const struct slots *slots, const uint8_t *id, size_t len, int64_t now_ms,
                size_t *ret_place);
void slots_drop(struct slots *slots, size_t place);

#endif
