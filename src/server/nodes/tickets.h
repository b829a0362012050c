/*
 * Enrolments under way: begun, challenged, not yet certified. A ticket reserves its join token, so
 * that two cannot begin with the last use of one; it ends with the challenge. In memory, bounded.
 */
#ifndef GB_SERVER_TICKETS_H
#define GB_SERVER_TICKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "store/store.h"

enum { TICKET_CHALLENGE = 16 };

/* What was admitted. Filled by the handler that has it; strings and spans live in `arena`. */
struct ticket {
    struct gb_arena *arena; /* owned */
    const char *name;
    bool has_token;
    uint8_t token[8];
    const char *labels; /* that the token gives; NULL: none */
    bool has_grant;
    uint8_t grant_ek[STORE_HASH];
    uint8_t node_id[STORE_ID];
    uint8_t eks[STORE_MAX_EKS][STORE_HASH];
    size_t ek_count;
    const char *tpm;
    struct gb_bytes ak_public;
    struct gb_bytes ek_certs; /* as the store keeps them */
    bool done;                /* certified: the same request gets the same answer */
    uint8_t request[32];      /* SHA-256 of the finishing request */
    const char *answer;
};

struct tickets;

GB_MUST_USE int tickets_new(size_t max, int64_t life_ms, struct tickets **ret_tickets,
                            struct gb_err *err);
void tickets_free(struct tickets *tickets);

/* A ticket for the caller's sole use, for an EK that may come in without a token: it replaces one
 * that waits for its answer, so that each EK has one. GB_ERR_AGAIN: that one is being answered. Any
 * thread; so all below. */
GB_MUST_USE int tickets_reserve_ek(struct tickets *tickets, const uint8_t ek[STORE_HASH],
                                   int64_t now_ms, struct ticket **ret_ticket, struct gb_err *err);
/* The same for a token (8 bytes; NULL: for nothing): fewer than `uses` tickets may hold it,
 * GB_ERR_AGAIN otherwise. GB_ERR_LIMIT: the table is full. */
GB_MUST_USE int tickets_reserve(struct tickets *tickets, const uint8_t *token, uint32_t uses,
                                int64_t now_ms, struct ticket **ret_ticket, struct gb_err *err);
/* Gives a reserved ticket into the table under its challenge; it expires `life_ms` after it was
 * reserved. */
void tickets_open(struct tickets *tickets, struct ticket *ticket,
                  const uint8_t challenge[TICKET_CHALLENGE]);
/* Takes an open one out for sole use. GB_ERR_NOTFOUND: unknown or expired; GB_ERR_AGAIN: somebody
 * has it. */
GB_MUST_USE int tickets_take(struct tickets *tickets, const uint8_t challenge[TICKET_CHALLENGE],
                             int64_t now_ms, struct ticket **ret_ticket, struct gb_err *err);
void tickets_give(struct tickets *tickets, struct ticket *ticket);
/* Gives it back as done: its token's use is spent in the store and reserved here no more; the
 * answer stays until it expires. */
void tickets_finish(struct tickets *tickets, struct ticket *ticket);
/* It ends now: its token is free, its challenge unknown. */
void tickets_drop(struct tickets *tickets, struct ticket *ticket);

#endif
