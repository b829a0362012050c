/* The private keys: the CA's and the one of tokens. They never leave. Thread-safe. */
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

struct vault;

/* Opens DIR/ca.key, DIR/ca.pem, DIR/token.key. `passphrase_file` may be NULL; a name without a
 * slash is looked for in $CREDENTIALS_DIRECTORY. GB_ERR_CONFIG, NOTFOUND, IO, NOMEM; texts never
 * tell a secret. */
GB_MUST_USE int vault_open(const char *dir, const char *passphrase_file, struct vault **ret_vault,
                           struct gb_err *err);
void vault_free(struct vault *vault);
void vault_freep(struct vault **vault);

/* Both live as long as the vault. */
struct gb_bytes vault_ca_pem(const struct vault *vault);
const char *vault_jwks(const struct vault *vault);
/* RFC 7638 thumbprint of the token key, base64url. */
const char *vault_key_id(const struct vault *vault);

GB_MUST_USE int vault_issue(struct vault *vault, const struct key *subject,
                            const struct issue *what, struct gb_buf *ret_pem, struct gb_err *err);
/* A compact JWS by the token key. In the arena. */
GB_MUST_USE int vault_token(struct vault *vault, struct gb_arena *arena, struct gb_bytes payload,
                            const char **ret_jwt, struct gb_err *err);

#endif
