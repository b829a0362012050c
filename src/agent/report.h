/* One round: an answer to the server's nonce, and the next nonce out of its answer. */
#ifndef GB_AGENT_REPORT_H
#define GB_AGENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/collect.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"

/* What the server wants next. `known` false: ask. */
struct report_next {
    bool known;
    uint8_t nonce[GB_LIMIT_NONCE];
    size_t nonce_len;
    int64_t expires_ms; /* of gb_clock_ms */
    int64_t interval_s;
    struct wanted_logs logs;
};

struct report_verdict {
    char verdict[16]; /* "trusted", "untrusted" */
    char tier[24];
    int64_t verified_at_s; /* by the server's clock; 0: not said */
};

/* Out of a NEXT object of docs/api. GB_ERR_INPUT. */
GB_MUST_USE int report_next_read(struct gb_arena *arena, const struct json *json, int64_t now_ms,
                                 struct report_next *ret_next, struct gb_err *err);

/*
 * Follows the server's `next` a few times when it cannot use what we hold (409). *next is the one
 * to answer after the interval. ret_code (in the arena) is the code of a refusal, or "". Errors as
 * in link.h and tpm/device.h; *next is then not known.
 */
GB_MUST_USE int report_round(const struct config *config, struct machine *machine,
                             struct link *link, struct gb_arena *arena, struct collected *collected,
                             struct report_next *next, struct report_verdict *ret_verdict,
                             const char **ret_code, struct gb_err *err);

#endif
