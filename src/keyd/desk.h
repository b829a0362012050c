/* What the requests of keyd share, and what one connection's thread has for itself. */
#ifndef GB_KEYD_DESK_H
#define GB_KEYD_DESK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "keyd/beliefs.h"
#include "keyd/challenges.h"
#include "keyd/config.h"
#include "keyd/ledger.h"
#include "keyd/nonces.h"
#include "keyd/vault.h"

/* Shared by all threads; each part locks for itself. */
struct house {
    const struct keyd_config *config;
    struct vault *vault;
    struct ledger *ledger;
    struct beliefs_holder *beliefs;
    struct challenges *challenges;
    struct nonces *nonces;
};

/* Of one thread, for one request. */
struct desk {
    struct house *house;
    struct gb_arena *arena;
    struct digester *digester;
    const struct beliefs *beliefs; /* the same from the first to the last step of a request */
    int64_t now_s;                 /* UTC: validity of certificates */
    int64_t now_ms;                /* only forward: expiry of challenges and nonces */
};

/* GB_ERR_DENIED with the sentence of the first grave finding; `what` when there is none. */
int desk_refuse(struct desk *desk, const struct gb_findings *findings, const char *what,
                struct gb_err *err);

#endif
