/*
 * A witness (C2SP tlog-witness): it knows of each log what it co-signed last, durably, and co-signs
 * only what grows from that. What a log's key signed that does not grow from it is a fork: kept as
 * evidence, never state. Any thread may ask; one log's requests go one after the other.
 */
#ifndef GB_WITNESS_WITNESS_H
#define GB_WITNESS_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "witness/config.h"

struct witness;

/* The folders in STATE, before the doors are closed. GB_ERR_IO, CONFIG. */
GB_MUST_USE int witness_make_folders(const struct witness_config *config, struct gb_err *err);
/* Reads the key, the logs' keys and what was co-signed. GB_ERR_CONFIG, NOTFOUND, LIMIT, IO, NOMEM;
 * a state that our own key did not sign is GB_ERR_CONFIG. */
GB_MUST_USE int witness_new(const struct witness_config *config, struct witness **ret_witness,
                            struct gb_err *err);
/* Other logs, or other keys of those that are known, from now on: all or none. What was co-signed
 * stays known, also of a log that is no longer named. */
GB_MUST_USE int witness_set_logs(struct witness *witness, const struct conf_list *vkeys,
                                 struct gb_err *err);
void witness_free(struct witness *witness);

/* Either a body, or a refusal in words (code set); texts are literals or in the caller's arena. */
struct witness_answer {
    int status;
    const char *type;
    struct gb_bytes body;
    const char *code;
    const char *message;
    const char *remedy;
};

/* tlog-witness, add-checkpoint. 200: durable before this returns. */
void witness_add(struct witness *witness, struct gb_arena *arena, struct gb_bytes body,
                 int64_t now_s, struct witness_answer *ret_answer);
/* tlog-witness, monitor retrieval: what was co-signed last of the log whose origin has this
 * SHA-256, in hex. */
void witness_latest(struct witness *witness, struct gb_arena *arena, struct gb_bytes origin_hash,
                    struct witness_answer *ret_answer);

struct witness_counts {
    size_t logs;
    size_t forks; /* with proof */
    size_t suspects;
};
void witness_counts(struct witness *witness, struct witness_counts *ret_counts);

#endif
