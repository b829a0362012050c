/*
 * The node table: what the service holds of each node in memory. Sharded by id, one lock a shard,
 * held for no I/O. A handler takes an entry and has sole use of it until it gives it back, so a
 * round needs no lock while it proves; what others read of a node is a summary, copied under the
 * lock.
 */
#ifndef GB_SERVER_NODES_H
#define GB_SERVER_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/next.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/key.h"
#include "server/nodes/liveness.h"
#include "server/nodes/nonce.h"
#include "store/store.h"

enum { NODES_REASON = 240 }; /* bytes of a reason that are kept: a sentence */

/* What is told of a node's last judgement. */
struct node_verdict {
    bool judged; /* false: nothing is known since it was enrolled */
    bool trusted;
    bool unkept;  /* worse than what the store holds: it could not be kept, and is tried again */
    uint8_t tier; /* enum gb_tier */
    uint8_t links[GB_LINK_COUNT];
    uint64_t trust_id;   /* of the documents that judged */
    uint64_t sets_id;    /* of the sets that it matched; 0: not known since this start */
    uint64_t labels_num; /* of the labels that it was judged by */
    bool relabelled;     /* by nodes_told: the node has other labels meanwhile */
    int64_t verified_s;  /* when the nonce of the last proof was issued, UTC */
    int64_t issued_ms;   /* the same, monotonic; 0: before this start */
    int64_t freshness_s; /* how long a proof stands by that policy; 0: as the service is set */
    const char *reason;  /* the first contraindicated finding; NULL: none */
    const char *policy;  /* name and version; NULL: none */
    uint64_t ima_entries;
    uint32_t reset_count;
};

/* One node. Only its taker may touch it; name and keys never change, labels only between takers. */
struct node {
    uint8_t id[STORE_ID];
    char *name;
    char *labels; /* base/labels.h */
    uint64_t labels_num;
    struct gb_bytes ak_public; /* TPM2B_PUBLIC as it was enrolled */
    struct key *ak;
    uint8_t transport[STORE_HASH];
    struct nonce nonce;
    struct keyd_nonce keyd_nonce;
    struct progress progress;
    int64_t void_ms; /* nonces issued until then do not count: an operator wants a fresh one */
};

/* A copy for readers; strings are in the arena that was given. */
struct node_summary {
    uint8_t id[STORE_ID];
    const char *name;
    const char *labels;
    uint8_t transport[STORE_HASH];
    struct node_verdict verdict;
    int64_t enrolled_s;
    bool asked;        /* for a fresh proof, which has not come yet */
    uint64_t revision; /* of its last change */
};

struct nodes;

GB_MUST_USE int nodes_new(struct nodes **ret_nodes, struct gb_err *err);
void nodes_free(struct nodes *nodes);

/* Adds an enrolled node, copying all; one of the same id is replaced: new keys, nothing proven.
 * GB_ERR_INPUT: its AK is none. Any thread; so all below. */
GB_MUST_USE int nodes_add(struct nodes *nodes, const struct store_node *facts, struct gb_err *err);
/* False when it is not there. Whoever has taken it may finish. */
bool nodes_remove(struct nodes *nodes, const uint8_t id[STORE_ID]);

/* Whether that node is enrolled with that key. GB_ERR_NOTFOUND; GB_ERR_DENIED: another key. */
GB_MUST_USE int nodes_check(struct nodes *nodes, const uint8_t id[STORE_ID],
                            const uint8_t transport[STORE_HASH]);
/* GB_ERR_NOTFOUND; GB_ERR_AGAIN: somebody has it. */
GB_MUST_USE int nodes_take(struct nodes *nodes, const uint8_t id[STORE_ID], struct node **ret_node,
                           struct gb_err *err);
void nodes_give(struct nodes *nodes, struct node *node);
/* Publishes a taken node's judgement (copied). False when out of memory: nothing was published,
 * but that the node is not trusted any more. */
GB_MUST_USE bool nodes_tell(struct nodes *nodes, struct node *node,
                            const struct node_verdict *verdict);
/* The same judgement, proven anew: costs no allocation. */
void nodes_proven(struct nodes *nodes, struct node *node, const struct node_verdict *verdict);
/* The judgement that stands, without its strings. For the taker. */
void nodes_told(struct nodes *nodes, const struct node *node, struct node_verdict *ret_verdict);
/* Its labels from the next taker on (copied): the node proves all again by them. Older ones than it
 * has change nothing. False when out of memory. */
GB_MUST_USE bool nodes_label(struct nodes *nodes, const uint8_t id[STORE_ID], const char *labels,
                             uint64_t labels_num);
/* The outstanding nonce, if any, is void from now on. */
GB_MUST_USE bool nodes_ask(struct nodes *nodes, const uint8_t id[STORE_ID], int64_t now_ms);

/* A copy of its name; NULL when it is not there (or memory is short). */
const char *nodes_name(struct nodes *nodes, struct gb_arena *arena, const uint8_t id[STORE_ID]);
/* By id (hex digits with dashes) or name. GB_ERR_NOTFOUND, NOMEM. */
GB_MUST_USE int nodes_find(struct nodes *nodes, struct gb_arena *arena, struct gb_bytes name_or_id,
                           struct node_summary *ret_summary, struct gb_err *err);
/* Those changed after revision `since`, by name; *ret_revision is what to ask with next time. */
GB_MUST_USE int nodes_list(struct nodes *nodes, struct gb_arena *arena, uint64_t since,
                           struct node_summary **ret_nodes, size_t *ret_count,
                           uint64_t *ret_revision, struct gb_err *err);

/* By the monotonic clock where the proof is of this start; the policy's freshness goes before
 * the service's own. */
enum liveness nodes_liveness(const struct liveness_spans *spans, const struct node_verdict *verdict,
                             int64_t now_s);

struct nodes_count {
    uint64_t all, trusted, untrusted, unknown;
    uint64_t liveness[LIVENESS_COUNT];
    int64_t last_verified_s;
};
void nodes_count(struct nodes *nodes, const struct liveness_spans *spans, int64_t now_s,
                 struct nodes_count *ret_count);

#endif
