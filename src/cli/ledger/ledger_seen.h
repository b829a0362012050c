/* What must not come twice in a ledger: digests of quotes and of nonces. */
#ifndef GB_CLI_LEDGER_SEEN_H
#define GB_CLI_LEDGER_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

/* Of SHA-256 the first bytes: nobody finds two that share them by chance. */
enum { LEDGER_SEEN_KEY = 16 };

/* Bounded: of more than 2 x LEDGER_SEEN_MOST digests the oldest are forgotten, half at a time. (A
 * quote that old is still refused by its TPM's clock.) Zeroed is empty. */
struct ledger_seen {
    struct ledger_seen_half {
        uint8_t *slots; /* owned; all zero: empty */
        size_t mask;
        size_t count;
    } now, before;
};

enum { LEDGER_SEEN_MOST = 1 << 21 };

/* 1: it came before; 0: it is remembered now. GB_ERR_NOMEM. */
GB_MUST_USE int ledger_seen_add(struct ledger_seen *seen, const uint8_t digest[32],
                                struct gb_err *err);
void ledger_seen_done(struct ledger_seen *seen);

#endif
