/*
 * How many refused calls of one person are written down. Each is an entry that stays for ever, so
 * whoever has no role could fill the disk: a person has a bucket of entries, and what comes while
 * it is empty is counted, and told by one entry later. Bounded; people beyond it share one bucket.
 * Any thread.
 */
#ifndef GB_SERVER_REFUSED_H
#define GB_SERVER_REFUSED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

enum {
    REFUSED_BURST = 100,     /* entries at once */
    REFUSED_EACH_MS = 10000, /* and then one in ten seconds: some 4 MB a day */
    REFUSED_TOLD_MS = 60000, /* what was counted is told within this, by refused_due */
    REFUSED_PLACES = 256,    /* people; some 200 KB */
    REFUSED_IDENTITY = 800,  /* issuer and subject of a token; longer ones share a bucket */
};

struct refused;

GB_MUST_USE int refused_new(struct refused **ret_refused, struct gb_err *err);
void refused_free(struct refused *refused);

/* Whether this refusal gets an entry; *ret_more: how many before it got none and are told by it. */
GB_MUST_USE bool refused_writes(struct refused *refused, const char *identity, int64_t now_ms,
                                uint64_t *ret_more);
/* Somebody whose refusals wait to be told for a minute (`all`: at all); they count as told. Empty
 * `ret_identity`: several people. False: nobody. */
GB_MUST_USE bool refused_due(struct refused *refused, int64_t now_ms, bool all,
                             char ret_identity[REFUSED_IDENTITY], uint64_t *ret_more);

#endif
