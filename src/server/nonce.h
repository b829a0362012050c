/* What a quote must answer: 32 random bytes for one node, good once and for a while (T01, T02). In
 * memory only: after a crash none is accepted. */
#ifndef GB_SERVER_NONCE_H
#define GB_SERVER_NONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

enum { NONCE_SIZE = 32 };

struct nonce {
    bool outstanding;
    uint8_t bytes[NONCE_SIZE];
    int64_t issued_ms; /* monotonic: for its life */
    int64_t issued_s;  /* UTC: "verified at" */
};

enum nonce_answer {
    NONCE_NONE, /* none is outstanding: never issued, used, or forgotten in a restart */
    NONCE_EXPIRED,
    NONCE_VOID, /* issued before somebody asked for a fresh one */
    NONCE_TAKEN,
};

/* Replaces the one that is outstanding. GB_ERR_IO: no randomness, nothing is outstanding then. */
GB_MUST_USE int nonce_issue(struct nonce *nonce, int64_t now_ms, int64_t now_s, struct gb_err *err);
/* Whatever it answers, the nonce is gone afterwards. One issued at or before `void_ms` is void. */
GB_MUST_USE enum nonce_answer nonce_take(struct nonce *nonce, int64_t now_ms, int64_t life_ms,
                                         int64_t void_ms, struct nonce *ret_nonce);

#endif
