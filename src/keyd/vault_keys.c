#include "keyd/vault_keys.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/issue.h"
#include "crypto/signer.h"
#include "keyd/config.h"
#include "keyd/vault.h"
#include "ledger/note.h"
#include "os/file.h"
#include "os/secret_file.h"
#include "wire/json.h"
#include "wire/jws.h"

enum { JWK_MAX = 1024 };

void vault_keys_free(struct vault_keys *keys)
{
    if (!keys)
        return;
    signer_free(keys->ca);
    signer_free(keys->token);
    for (size_t i = 0; i < VAULT_LEDGER_KEYS; i++)
        ed25519_free(keys->ledger[i]);
    gb_arena_free(keys->arena);
    gb_free(keys);
}

void vault_keys_freep(struct vault_keys **keys)
{
    vault_keys_free(*keys);
}

/* Where keys are read from, for as long as it takes. */
struct reading {
    struct vault_keys *keys;
    const struct keyd_config *config;
    int64_t now_ms;
    struct secret passphrase;
};

static const char *path_of(struct gb_arena *arena, const struct keyd_config *config,
                           const char *name)
{
    return gb_arena_printf(arena, "%s/%s", config->state, name);
}

const char *vault_keys_before_path(struct gb_arena *arena, const struct keyd_config *config)
{
    return path_of(arena, config, "token-old.jwk");
}

const char *vault_keys_until_path(struct gb_arena *arena, const struct keyd_config *config)
{
    return path_of(arena, config, "token-old.until");
}

/* Where systemd puts what LoadCredential= names. */
static const char *passphrase_path(struct gb_arena *arena, const char *name)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!name || strchr(name, '/') || !folder)
        return name;
    return gb_arena_printf(arena, "%s/%s", folder, name);
}

static int read_passphrase(struct reading *reading, struct gb_err *err)
{
    const char *name = reading->config->passphrase_file;
    const char *path = passphrase_path(reading->keys->arena, name);
    if (name && !path)
        return gb_err_nomem(err);
    return secret_file_passphrase(path, &reading->passphrase, err);
}

static int read_pem(const struct reading *reading, const char *name, struct secret *ret_pem,
                    struct gb_err *err)
{
    const char *path = path_of(reading->keys->arena, reading->config, name);
    return path ? secret_file_read(path, GB_LIMIT_PUBLIC, ret_pem, err) : gb_err_nomem(err);
}

static int read_signer(const struct reading *reading, const char *name, struct signer **ret_signer,
                       struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret pem = {0};
    int r = read_pem(reading, name, &pem, err);
    if (r < 0)
        return r;
    r = signer_from_pem(secret_bytes(&pem), secret_bytes(&reading->passphrase), ret_signer, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", name);
    return r;
}

/* ---- the CA ---- */

/* The certificate belongs to the key. */
static int read_ca(const struct reading *reading, struct gb_err *err)
{
    struct vault_keys *keys = reading->keys;
    uint8_t x[32];
    uint8_t y[32];
    uint8_t key[32];
    const char *path = path_of(keys->arena, reading->config, "ca.pem");
    int r = path ? read_signer(reading, "ca.key", &keys->ca, err) : gb_err_nomem(err);
    if (r == 0)
        r = file_read(keys->arena, path, GB_LIMIT_CERT, &keys->ca_pem, err);
    if (r == 0)
        r = issued_fingerprint(keys->ca_pem, keys->ca_fingerprint, err);
    if (r == 0)
        r = signer_public(keys->ca, x, y, key, err);
    if (r == 0 && memcmp(key, keys->ca_fingerprint, sizeof key) != 0)
        r = gb_err_set(err, GB_ERR_CONFIG, "ca.pem is not the certificate of ca.key");
    return r;
}

/* ---- token keys ---- */

/* The public half of the key that is to sign next; "" when there is none. */
static int read_next(const struct reading *reading, const char **ret_key, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *next = NULL;
    struct jwk jwk = {.key = ""};
    int r = read_signer(reading, "token-next.key", &next, err);
    if (r == GB_ERR_NOTFOUND)
        r = GB_OK;
    else if (r == 0)
        r = jwk_of(reading->keys->arena, next, &jwk, err);
    if (r == 0)
        *ret_key = jwk.key;
    return r;
}

/* "KID MS\n": until when that key is published. 0: it does not say so of this key. */
static int read_until(const struct reading *reading, struct gb_bytes id, int64_t *ret_until_ms,
                      struct gb_err *err)
{
    struct gb_arena *arena = reading->keys->arena;
    struct gb_bytes in = {0};
    uint64_t until_ms = 0;
    const char *path = vault_keys_until_path(arena, reading->config);
    int r = path ? file_read(arena, path, JWK_MAX, &in, err) : gb_err_nomem(err);
    if (r < 0)
        return r == GB_ERR_NOTFOUND ? GB_OK : r;
    in = gb_text_trim(in);
    if (gb_bytes_equal(gb_text_until(&in, ' '), id) && gb_text_u64(in, INT64_MAX, &until_ms))
        *ret_until_ms = (int64_t)until_ms;
    return GB_OK;
}

/* The time begins when keyd first reads that this key is the one before: it signed by it until
 * then. A clock that was put back does not make it longer. */
static int time_before(const struct reading *reading, struct gb_bytes id, struct gb_err *err)
{
    struct vault_keys *keys = reading->keys;
    const int64_t most_ms = reading->now_ms + VAULT_BEFORE_MS;
    int r = read_until(reading, id, &keys->before_until_ms, err);
    if (r < 0 || (keys->before_until_ms > 0 && keys->before_until_ms <= most_ms))
        return r;
    keys->before_until_ms = most_ms;
    keys->before_line = gb_arena_printf(keys->arena, "%.*s %" PRId64 "\n", (int)id.len,
                                        (const char *)id.data, most_ms);
    return keys->before_line ? GB_OK : gb_err_nomem(err);
}

/* The key that signed before, as `server rotate` wrote it: one JWK. The same as the present one:
 * the rotation was cut between two steps, and nothing has changed yet. */
static int read_before(const struct reading *reading, struct gb_err *err)
{
    struct vault_keys *keys = reading->keys;
    gb_cleanup(json_freep) struct json *jwk = NULL;
    struct gb_bytes in = {0};
    struct gb_bytes id;
    const char *path = vault_keys_before_path(keys->arena, reading->config);
    int r = path ? file_read(keys->arena, path, JWK_MAX, &in, err) : gb_err_nomem(err);
    if (r == GB_ERR_NOTFOUND)
        return GB_OK;
    if (r < 0)
        return r;
    if (json_read(in, &jwk, NULL) < 0 || !json_get_text(jwk, "kid", &id))
        return gb_err_set(err, GB_ERR_CONFIG, "token-old.jwk is damaged: it may be removed");
    if (gb_bytes_is(id, keys->token_id))
        return GB_OK;
    keys->before = in;
    return time_before(reading, id, err);
}

static const char *jwks_of(struct gb_arena *arena, const char *now, const char *next,
                           struct gb_bytes before)
{
    before = gb_text_trim(before);
    return gb_arena_printf(arena, "{\"keys\":[%s%s%s%s%.*s]}", now, *next ? "," : "", next,
                           before.len > 0 ? "," : "", (int)before.len,
                           before.len > 0 ? (const char *)before.data : "");
}

static int read_token_keys(const struct reading *reading, struct gb_err *err)
{
    struct vault_keys *keys = reading->keys;
    struct jwk now;
    const char *next = "";
    int r = read_signer(reading, "token.key", &keys->token, err);
    if (r == 0)
        r = jwk_of(keys->arena, keys->token, &now, err);
    if (r < 0)
        return r;
    keys->token_id = now.key_id;
    r = read_next(reading, &next, err);
    if (r == 0)
        r = read_before(reading, err);
    if (r < 0)
        return r;
    keys->jwks = jwks_of(keys->arena, now.key, next, keys->before);
    keys->jwks_later = jwks_of(keys->arena, now.key, next, gb_bytes(NULL, 0));
    if (keys->before.len > 0 && keys->before_until_ms <= reading->now_ms)
        keys->jwks = keys->jwks_later; /* the next tick removes its files */
    return keys->jwks && keys->jwks_later ? GB_OK : gb_err_nomem(err);
}

/* ---- ledger keys ---- */

static int read_ledger_key(const struct reading *reading, struct digester *digester,
                           const char *name, struct gb_err *err)
{
    struct vault_keys *keys = reading->keys;
    size_t at = keys->ledger_count;
    gb_cleanup(secret_done) struct secret pem = {0};
    uint8_t public[ED25519_PUBLIC];
    int r = read_pem(reading, name, &pem, err);
    if (r < 0)
        return r;
    r = ed25519_from_pem(secret_bytes(&pem), secret_bytes(&reading->passphrase), &keys->ledger[at],
                         err);
    if (r == 0)
        r = ed25519_public(keys->ledger[at], public, err);
    const char *origin = gb_arena_printf(keys->arena, "%s/ledger", reading->config->trust_domain);
    if (r == 0)
        r = origin
                ? note_key_make(digester, origin, NOTE_ED25519, public, &keys->ledger_as[at], err)
                : gb_err_nomem(err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", name);
    else
        keys->ledger_count++;
    return r;
}

static int read_ledger_keys(const struct reading *reading, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r == 0)
        r = read_ledger_key(reading, digester, "ledger.key", err);
    if (r < 0)
        return r;
    r = read_ledger_key(reading, digester, "ledger-next.key", err);
    return r == GB_ERR_NOTFOUND ? GB_OK : r;
}

int vault_keys_read(const struct keyd_config *config, int64_t now_ms, struct vault_keys **ret_keys,
                    struct gb_err *err)
{
    gb_cleanup(vault_keys_freep) struct vault_keys *keys = gb_calloc(1, sizeof *keys);
    if (!keys)
        return gb_err_nomem(err);
    struct reading reading = {.keys = keys, .config = config, .now_ms = now_ms};
    keys->arena = gb_arena_new();
    int r = keys->arena ? read_passphrase(&reading, err) : gb_err_nomem(err);
    if (r == 0)
        r = read_ca(&reading, err);
    if (r == 0)
        r = read_token_keys(&reading, err);
    if (r == 0)
        r = read_ledger_keys(&reading, err);
    secret_done(&reading.passphrase);
    if (r < 0)
        return r;
    *ret_keys = gb_take(keys);
    return GB_OK;
}
