/*
 * Enrolments under way: one secret each, one try, 60 s. A challenge that is being judged is busy;
 * it ends answered (the same request again gets the same certificate, no other gets any) or is
 * gone. Thread-safe; the secrets lie in locked memory.
 */
#ifndef GB_KEYD_CHALLENGES_H
#define GB_KEYD_CHALLENGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum {
    CHALLENGES_MAX = 4096,
    CHALLENGE_LIFE_MS = 60 * 1000,
    CHALLENGE_SECRET = 32,
    CHALLENGE_CERTS = 8,       /* the EK certificate and its intermediates */
    CHALLENGE_KEPT = 16 << 10, /* bytes of keys and certificates: a chain of four is some 6 KB;
                                  4096 challenges are 64 MB at most */
};

/* What keyd must know again at the second step. */
struct challenge_facts {
    struct gb_bytes ak_public;              /* TPM2B_PUBLIC */
    struct gb_bytes certs[CHALLENGE_CERTS]; /* DER; the EK's own first */
    size_t cert_count;
    struct gb_bytes name; /* what garboardd said of the node; text with its NUL */
    struct gb_bytes labels;
};

struct challenges;
GB_MUST_USE int challenges_new(size_t max, struct challenges **ret_challenges, struct gb_err *err);
void challenges_free(struct challenges *challenges);
void challenges_freep(struct challenges **challenges);
/* Drops what has expired, and wipes its secrets. */
void challenges_sweep(struct challenges *challenges, int64_t now_ms);

/* Copies all. GB_ERR_AGAIN when too many are under way, LIMIT. */
GB_MUST_USE int challenges_add(struct challenges *challenges, int64_t now_ms,
                               const struct challenge_facts *facts,
                               const uint8_t secret[CHALLENGE_SECRET], const uint8_t nonce[32],
                               uint8_t ret_id[16], struct gb_err *err);

/* A challenge in one's hands. */
struct challenge_try {
    size_t place;
    uint8_t nonce[32];
    const uint8_t *secret;        /* CHALLENGE_SECRET bytes; until challenges_end */
    struct challenge_facts facts; /* likewise */
    struct gb_bytes answer;       /* not empty: answered before, a copy in the arena; the try is
                                     over, do not call challenges_end */
};
/* `request` names the whole request (SHA-256). GB_ERR_AGAIN: unknown, expired, or busy; DENIED: it
 * was answered to another request. Nobody else gets the challenge until challenges_end. */
GB_MUST_USE int challenges_begin(struct challenges *challenges, struct gb_arena *arena,
                                 int64_t now_ms, const uint8_t id[16], const uint8_t request[32],
                                 struct challenge_try *ret_try, struct gb_err *err);
/* With an answer, it is kept for the same request; empty: the try failed and the challenge is gone.
 * When memory is short the challenge is gone, too. */
void challenges_end(struct challenges *challenges, const struct challenge_try *attempt,
                    struct gb_bytes answer);

#endif
