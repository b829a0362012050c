/* What stands in keyd's state folder, read whole: one set of keys. Private to the vault. */
#ifndef GB_KEYD_VAULT_KEYS_H
#define GB_KEYD_VAULT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/ed25519.h"
#include "crypto/signer.h"
#include "keyd/config.h"
#include "ledger/note.h"

enum { VAULT_LEDGER_KEYS = 2 };

struct vault_keys {
    struct gb_arena *arena; /* owned: all that is public */
    struct signer *ca;      /* owned, as all keys */
    struct gb_bytes ca_pem;
    uint8_t ca_fingerprint[32];
    struct signer *token; /* signs; what is next and what was before are only published */
    const char *token_id;
    const char *jwks;
    const char *jwks_later;                    /* once the tokens of the key before have ended */
    struct gb_bytes before;                    /* token-old.jwk as it was read; empty: none */
    int64_t before_until_ms;                   /* when its publication ends, since 1970 */
    const char *before_line;                   /* to be kept in token-old.until; NULL: it is */
    struct ed25519 *ledger[VAULT_LEDGER_KEYS]; /* all sign: the present one, then the next */
    struct note_key ledger_as[VAULT_LEDGER_KEYS];
    size_t ledger_count;
};

/* All or nothing; writes nothing. The time of the key before is what token-old.until says; without
 * it, or for another key, it begins at `now_ms`. GB_ERR_CONFIG, NOTFOUND, IO, NOMEM, BUG. Texts
 * never tell a secret. */
GB_MUST_USE int vault_keys_read(const struct keyd_config *config, int64_t now_ms,
                                struct vault_keys **ret_keys, struct gb_err *err);
void vault_keys_free(struct vault_keys *keys);
void vault_keys_freep(struct vault_keys **keys);

/* DIR/token-old.jwk: where `server rotate` leaves the key that signed before. */
const char *vault_keys_before_path(struct gb_arena *arena, const struct keyd_config *config);
/* DIR/token-old.until: keyd's own. */
const char *vault_keys_until_path(struct gb_arena *arena, const struct keyd_config *config);

#endif
