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

/* A nonce of garboard-keyd that was handed to a node and not used yet. It is handed out again while
 * it lives: keyd's table is finite, and one node has one place in it. */
struct keyd_nonce {
    bool held;
    uint8_t bytes[NONCE_SIZE];
    int64_t issued_ms; /* monotonic */
};

void keyd_nonce_keep(struct keyd_nonce *kept, const uint8_t bytes[NONCE_SIZE], int64_t now_ms);
/* Whether it may be handed out again: there is one, with ten seconds of keyd's minute left. */
bool keyd_nonce_lives(const struct keyd_nonce *kept, int64_t now_ms);
/* keyd answered `result` to a request with these bytes: whether it knows them still. */
void keyd_nonce_used(struct keyd_nonce *kept, const uint8_t bytes[NONCE_SIZE], int result);

#endif
