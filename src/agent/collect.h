/* The logs of a round: in full once a boot, then what is new. Read after the quote, so that they
 * hold at least what it covers. */
#ifndef GB_AGENT_COLLECT_H
#define GB_AGENT_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/ima_list.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"

/* What is remembered between rounds. All zero at the start. */
struct collected {
    bool has_boot_log; /* read in this run: its digest stands for it */
    uint8_t boot_log_digest[32];
    struct ima_position ima;
};

struct wanted_logs {
    bool boot_log; /* whole, with systemd's log and the command line */
    uint64_t ima_from;
};

/* Adds to `bundle`; the IMA entries live in `ima`, the rest in `arena`. Logs that do not exist are
 * left out: what that means is the server's to judge. GB_ERR_AGAIN: the IMA list is shorter than
 * ima_from. */
GB_MUST_USE int collect_logs(const struct config *config, struct digester *digester,
                             struct gb_arena *arena, const struct wanted_logs *wanted,
                             struct collected *collected, struct gb_buf *ima, struct bundle *bundle,
                             struct gb_err *err);

#endif
