/*
 * What the agent must not forget: who it is. No secret is in it: the keys are in the TPM. One file,
 * written whole or not at all.
 */
#ifndef GB_AGENT_STATE_H
#define GB_AGENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Spans and strings live in `arena`, which the state owns. */
struct state {
    struct gb_arena *arena;
    const char *node; /* NULL: not enrolled */
    const char *name;
    const char *trust_domain;
    struct gb_bytes certificate; /* PEM */
    struct gb_bytes ca;          /* PEM */
    struct gb_bytes ak_name;     /* TPM Names: with others, the TPM was cleared or changed */
    struct gb_bytes transport_name;
    int64_t interval_s;
    bool unsaved; /* the disk was full: try again */
};

/* For gb_cleanup; zeroed is fine. */
void state_done(struct state *state);
/* An absent file is a node that is not enrolled: all zero. GB_ERR_CONFIG names the file and says
 * what to do; IO, NOMEM. */
GB_MUST_USE int state_load(const char *folder, struct state *ret_state, struct gb_err *err);
/* Makes the folder (0700) when it is not there. */
GB_MUST_USE int state_save(const char *folder, const struct state *state, struct gb_err *err);
/* One agent at a time: two would answer each other's nonces. The lock lives as long as *ret_fd (-1:
 * the folder cannot be written, which only a node that is enrolled already may pass over: a token
 * would be spent for nothing). GB_ERR_CONFIG names what is in the way. */
GB_MUST_USE int state_claim(const char *folder, const struct state *state, int *ret_fd,
                            struct gb_err *err);
/* A copy of `from` with an arena of its own replaces *state. */
GB_MUST_USE int state_set(struct state *state, const struct state *from, struct gb_err *err);

#endif
