/*
 * keyd's guard over the ledger's key: it signs one history and no other. What it signed last stands
 * in DIR/ledger.state, made durable before an answer goes out: neither a crash nor a garboardd that
 * lies, or was restored from an older copy, gets two signatures that contradict each other. One
 * signer at a time; thread-safe.
 */
#ifndef GB_KEYD_LEDGER_H
#define GB_KEYD_LEDGER_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "keyd/config.h"
#include "keyd/vault.h"
#include "rpc/keyd.h"

struct ledger;

/* Reads DIR/ledger.state, which must be there, whole, and of this trust domain: a fresh one would
 * sign a fork. Borrows `config` and `vault`. GB_ERR_CONFIG, IO, NOMEM. */
GB_MUST_USE int ledger_open(const struct keyd_config *config, struct vault *vault,
                            struct ledger **ret_ledger, struct gb_err *err);
/* For a keyd that serves: no other may sign beside it, from the same folder. Held until
 * ledger_free. GB_ERR_CONFIG when one does. Before the sandbox closes. */
GB_MUST_USE int ledger_hold(struct ledger *ledger, struct gb_err *err);
void ledger_free(struct ledger *ledger);

GB_MUST_USE int ledger_last(struct ledger *ledger, struct gb_arena *arena,
                            struct keyd_ledger *ret_last, struct gb_err *err);
/* See keyd_ledger_sign. *ret_note in the arena. GB_ERR_DENIED, AGAIN; IO: what was to be signed
 * could not be made durable, so nothing was signed. */
GB_MUST_USE int ledger_sign(struct ledger *ledger, struct gb_arena *arena,
                            struct digester *digester, const struct keyd_ledger_ask *ask,
                            const char **ret_note, struct gb_err *err);

#endif
