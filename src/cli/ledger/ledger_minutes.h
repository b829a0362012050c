/* The minute files of an exported ledger: fetched, and their leaves compared with what the ledger
 * says of them. */
#ifndef GB_CLI_LEDGER_MINUTES_H
#define GB_CLI_LEDGER_MINUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "cli/server_client.h"
#include "ledger/log.h"

struct ledger_minutes {
    bool quotes; /* these, too */
    /* Out: */
    size_t all;     /* that the ledger has sealed */
    size_t fetched; /* now */
    size_t gone;    /* not kept by the server any more */
};

/* Every sealed minute of `log` whose files are not in `folder` yet. 0, an exit code that was told
 * (leaves that are not what was sealed), or a negative code. */
GB_MUST_USE int ledger_minutes_fetch(struct server_client *client, struct log *log,
                                     const char *folder, struct ledger_minutes *minutes,
                                     struct gb_err *err);

#endif
