#include "keyd/vault.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/secret.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "os/file.h"
#include "wire/jws.h"

struct vault {
    struct gb_arena *arena; /* owned: all that is public */
    pthread_mutex_t lock;   /* a signer has one user at a time */
    struct signer *ca;
    struct signer *token;
    struct gb_bytes ca_pem;
    const char *jwks;
    const char *key_id;
};

void vault_free(struct vault *vault)
{
    if (!vault)
        return;
    signer_free(vault->ca);
    signer_free(vault->token);
    gb_arena_free(vault->arena);
    pthread_mutex_destroy(&vault->lock);
    gb_free(vault);
}

void vault_freep(struct vault **vault)
{
    vault_free(*vault);
}

/* The file's first bytes as a secret; what was read on the way is wiped. */
static int read_secret(const char *path, struct secret *ret_secret, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes bytes;
    if (!arena)
        return gb_err_nomem(err);
    int r = file_read(arena, path, GB_LIMIT_PUBLIC, &bytes, err);
    if (r < 0)
        return r;
    bool good = secret_init(ret_secret, bytes.len);
    if (good && bytes.len > 0)
        memcpy(ret_secret->data, bytes.data, bytes.len);
    secret_wipe((void *)(uintptr_t)bytes.data, bytes.len);
    return good ? GB_OK : gb_err_nomem(err);
}

/* Where systemd puts what LoadCredential= names. */
static const char *passphrase_path(struct gb_arena *arena, const char *name)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (strchr(name, '/') || !folder)
        return name;
    return gb_arena_printf(arena, "%s/%s", folder, name);
}

static int read_passphrase(struct gb_arena *arena, const char *name, struct secret *ret_secret,
                           struct gb_err *err)
{
    if (!name)
        return secret_init(ret_secret, 0) ? GB_OK : gb_err_nomem(err);
    const char *path = passphrase_path(arena, name);
    int r = path ? read_secret(path, ret_secret, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    const uint8_t *end = ret_secret->data ? memchr(ret_secret->data, '\n', ret_secret->len) : NULL;
    if (end)
        ret_secret->len = (size_t)(end - ret_secret->data);
    if (ret_secret->len == 0 || ret_secret->len > GB_LIMIT_PASSPHRASE)
        return gb_err_set(err, GB_ERR_CONFIG, "the passphrase has 1 to %d bytes",
                          GB_LIMIT_PASSPHRASE);
    return GB_OK;
}

static int read_key(struct gb_arena *arena, const char *dir, const char *name,
                    struct gb_bytes passphrase, struct signer **ret_signer, struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret pem = {0};
    const char *path = gb_arena_printf(arena, "%s/%s", dir, name);
    if (!path)
        return gb_err_nomem(err);
    int r = read_secret(path, &pem, err);
    if (r < 0)
        return r;
    r = signer_from_pem(secret_bytes(&pem), passphrase, ret_signer, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", name);
    return r;
}

static int read_keys(struct vault *vault, const char *dir, const char *passphrase_file,
                     struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret passphrase = {0};
    int r = read_passphrase(vault->arena, passphrase_file, &passphrase, err);
    if (r == 0)
        r = read_key(vault->arena, dir, "ca.key", secret_bytes(&passphrase), &vault->ca, err);
    if (r == 0)
        r = read_key(vault->arena, dir, "token.key", secret_bytes(&passphrase), &vault->token, err);
    return r;
}

/* The certificate belongs to the key. */
static int read_ca(struct vault *vault, const char *dir, struct gb_err *err)
{
    uint8_t x[32];
    uint8_t y[32];
    uint8_t key[32];
    uint8_t cert[32];
    const char *path = gb_arena_printf(vault->arena, "%s/ca.pem", dir);
    if (!path)
        return gb_err_nomem(err);
    int r = file_read(vault->arena, path, GB_LIMIT_CERT, &vault->ca_pem, err);
    if (r == 0)
        r = issued_fingerprint(vault->ca_pem, cert, err);
    if (r == 0)
        r = signer_public(vault->ca, x, y, key, err);
    if (r == 0 && memcmp(key, cert, sizeof key) != 0)
        r = gb_err_set(err, GB_ERR_CONFIG, "ca.pem is not the certificate of ca.key");
    return r;
}

static int describe_token_key(struct vault *vault, struct gb_err *err)
{
    struct jwk jwk;
    int r = jwk_of(vault->arena, vault->token, &jwk, err);
    if (r < 0)
        return r;
    vault->jwks = jwk.set;
    vault->key_id = jwk.key_id;
    return GB_OK;
}

int vault_open(const char *dir, const char *passphrase_file, struct vault **ret_vault,
               struct gb_err *err)
{
    gb_cleanup(vault_freep) struct vault *vault = gb_calloc(1, sizeof *vault);
    if (!vault)
        return gb_err_nomem(err);
    pthread_mutex_init(&vault->lock, NULL);
    vault->arena = gb_arena_new();
    if (!vault->arena)
        return gb_err_nomem(err);
    int r = read_keys(vault, dir, passphrase_file, err);
    if (r == 0)
        r = read_ca(vault, dir, err);
    if (r == 0)
        r = describe_token_key(vault, err);
    if (r < 0)
        return r;
    *ret_vault = gb_take(vault);
    return GB_OK;
}

struct gb_bytes vault_ca_pem(const struct vault *vault)
{
    return vault->ca_pem;
}

const char *vault_jwks(const struct vault *vault)
{
    return vault->jwks;
}

const char *vault_key_id(const struct vault *vault)
{
    return vault->key_id;
}

int vault_issue(struct vault *vault, const struct key *subject, const struct issue *what,
                struct gb_buf *ret_pem, struct gb_err *err)
{
    pthread_mutex_lock(&vault->lock);
    int r = issue_cert(vault->ca, vault->ca_pem, subject, what, ret_pem, err);
    pthread_mutex_unlock(&vault->lock);
    return r;
}

int vault_token(struct vault *vault, struct gb_arena *arena, struct gb_bytes payload,
                const char **ret_jwt, struct gb_err *err)
{
    pthread_mutex_lock(&vault->lock);
    int r = jws_sign(arena, vault->token, vault->key_id, payload, ret_jwt, err);
    pthread_mutex_unlock(&vault->lock);
    return r;
}
