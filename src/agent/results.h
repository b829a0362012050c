/* What workloads of this node may show to others: the newest attestation result in result_file, as
 * long as the node is trusted, and the node's certificate in svid_file. */
#ifndef GB_AGENT_RESULTS_H
#define GB_AGENT_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* All zero: no result is there. Times are of gb_clock_ms: this machine's calendar may be off. */
struct results {
    bool there;
    int64_t due_ms; /* half of its life is over: a newer one is wanted */
    int64_t end_ms;
    int64_t retry_ms; /* after a failure: not before */
};

/* Whether a newer result is wanted. */
bool results_due(const struct results *results, int64_t now_ms);
/* Nobody gave one: the next round need not send whole evidence again. */
void results_failed(struct results *results, int64_t now_ms);
/* `ms`, or less when a result is due or ends before. Never below a second. */
int64_t results_wait_ms(const struct results *results, int64_t now_ms, int64_t ms);

/* Writes result_file whole or not at all. How long it lives is read from the token's iat and exp.
 * GB_ERR_INPUT when it says neither; IO, CONFIG, NOTFOUND of its folder. */
GB_MUST_USE int results_token(const struct config *config, struct results *results, const char *jwt,
                              int64_t now_ms, struct gb_err *err);
/* Removes result_file, if one is configured: also one of an earlier run. */
void results_remove(const struct config *config, struct results *results);
/* The same, once its life is over. */
void results_end(const struct config *config, struct results *results, int64_t now_ms);

/* Writes svid_file, readable to all: a certificate is no secret. */
GB_MUST_USE int results_certificate(const struct config *config, struct gb_bytes pem,
                                    struct gb_err *err);

#endif
