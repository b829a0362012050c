/* The private keys: the CA's, those of tokens and of the ledger. They never leave. Thread-safe.
 * `now_ms` is the calendar's, since 1970: some of it is kept across starts. */
#ifndef GB_KEYD_VAULT_H
#define GB_KEYD_VAULT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "keyd/config.h"
#include "ledger/checkpoint.h"

struct vault;

/* For how long the key that signed tokens before stays published once keyd knows that it is one: a
 * token lives five minutes, and clocks differ. */
enum { VAULT_BEFORE_MS = 10 * 60 * 1000 };

/* Opens, in the folder of state: ca.key, ca.pem, token.key, ledger.key; and, while a key is
 * changed, token-next.key, token-old.jwk, token-old.until, ledger-next.key. A passphrase_file
 * without a slash is looked for in $CREDENTIALS_DIRECTORY. Borrows `config`. GB_ERR_CONFIG,
 * NOTFOUND, IO, NOMEM; texts never tell a secret. */
GB_MUST_USE int vault_open(const struct keyd_config *config, int64_t now_ms,
                           struct vault **ret_vault, struct gb_err *err);
/* Reads all of them again and takes all or none. The CA must be the same: GB_ERR_CONFIG. */
GB_MUST_USE int vault_reload(struct vault *vault, int64_t now_ms, struct gb_err *err);
/* Now and then, by one thread: keeps in a file until when the token key that signed before is
 * published, so that no later start or reload gives it more; ends that, and removes its files. */
void vault_tick(struct vault *vault, int64_t now_ms);
void vault_free(struct vault *vault);
void vault_freep(struct vault **vault);

/* Lives as long as the vault. */
struct gb_bytes vault_ca_pem(const struct vault *vault);
/* Of all token keys that are published; the one that signs comes first. In the arena; NULL when out
 * of memory. */
const char *vault_jwks(struct vault *vault, struct gb_arena *arena);
/* Verifier keys (C2SP signed-note) of the ledger keys that sign, one a line. Likewise. */
const char *vault_vkeys(struct vault *vault, struct gb_arena *arena);

GB_MUST_USE int vault_issue(struct vault *vault, const struct key *subject,
                            const struct issue *what, struct gb_buf *ret_pem, struct gb_err *err);
/* A compact JWS by the token key. In the arena. */
GB_MUST_USE int vault_token(struct vault *vault, struct gb_arena *arena, struct gb_bytes payload,
                            const char **ret_jwt, struct gb_err *err);
/* A signed note over the checkpoint, one line a ledger key. In the arena. Whether the checkpoint
 * may be signed is keyd/ledger.h's matter: nobody else calls this. */
GB_MUST_USE int vault_checkpoint(struct vault *vault, struct gb_arena *arena,
                                 const struct checkpoint *checkpoint, const char **ret_note,
                                 struct gb_err *err);

#endif
