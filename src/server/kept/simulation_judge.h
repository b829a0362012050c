/* One node of a simulation. */
#ifndef GB_SERVER_SIMULATION_JUDGE_H
#define GB_SERVER_SIMULATION_JUDGE_H

#include "attest/attest.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "result/verdict.h"
#include "server/kept/blob_cache.h"
#include "server/nodes/nodes.h"
#include "store/store.h"
#include "wire/json.h"

enum simulated { SIMULATED_SAME, SIMULATED_WORSE, SIMULATED_BETTER, SIMULATED_OTHER };

struct simulation_judge {
    struct gb_arena *arena; /* of this node */
    struct digester *digester;
    struct store *store;
    struct blob_cache *cache;
    const struct trust *trust; /* with the changed documents */
    int64_t time_s;
};

/* What the node's newest evidence comes to (in the judge's arena), beside the verdict that stands.
 * *ret_change (owned by the caller) is NULL for SIMULATED_SAME. GB_ERR_NOTFOUND: nothing of it is
 * kept. */
GB_MUST_USE int simulation_judge(const struct simulation_judge *judge,
                                 const struct node_summary *node, enum simulated *ret_simulated,
                                 struct json **ret_change, const struct verdict **ret_verdict,
                                 struct gb_err *err);
const char *simulated_word(enum simulated simulated);

#endif
