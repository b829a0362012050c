/* One attestation in the service: what the contents page (attest/next.h) makes of a node's
 * evidence, and what is told of it. No I/O but the look-up of the EK certificates. */
#ifndef GB_SERVER_ROUND_H
#define GB_SERVER_ROUND_H

#include "attest/next.h"
#include "evidence/bundle.h"
#include "server/ledger/round_log.h"
#include "server/server.h"

struct round {
    const struct node *node; /* taken */
    const struct snapshot *snapshot;
    struct nonce nonce; /* taken: it answers this one or none */
    struct gb_bytes body;
    /* Out: */
    struct claims claims;
    struct verdict verdict;
    struct progress after;
    struct node_verdict told;
    uint8_t quote[32];
    struct bundle *bundle;    /* what was sent, with the certificates of the enrolment */
    struct gb_bytes ek_certs; /* those, as the store has them; empty for what continues */
    int64_t judged_s;
    struct gb_bytes attest; /* what `quote` is the digest of; signature and extras: with it */
    struct gb_bytes signature;
    uint8_t extras[32]; /* SHA-256 */
};

/* What judges this node. Its id is another one for other labels: what was judged by those stands no
 * more, and the node proves all again. Borrows the snapshot. */
struct trust round_trust(const struct snapshot *snapshot, const struct node *node);
/* GB_ERR_INPUT, LIMIT, NOTFOUND: malformed evidence; GB_ERR_AGAIN: ask for all; NOMEM, BUG, IO:
 * ours. Results are in the arena and borrow from the body. */
GB_MUST_USE int round_judge(struct gb_arena *arena, struct store *store, struct digester *digester,
                            struct round *round, struct gb_err *err);
/* Its leaf and quote into this minute's files: before anything of it is told. GB_ERR_IO, NOMEM. */
GB_MUST_USE int round_keep(const struct round *round, struct round_log *log, struct gb_err *err);
/* Whether there is more to tell than a newer proof of the same. */
bool round_is_news(const struct node_verdict *before, const struct round *round);
/* The verdict as `garboard verify` prints it, with when and by what it was judged, and what earlier
 * rounds of this boot found. NULL: no memory. */
GB_MUST_USE char *round_json(struct gb_arena *arena, struct store *store,
                             const struct round *round);
/* What was told, from that text: after a restart. False when it is not one of ours. */
GB_MUST_USE bool round_read(struct gb_arena *arena, const struct store_verdict *stored,
                            struct node_verdict *ret_told);

#endif
