#include "cli/server/operator_cert.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "ledger/last_signed.h"
#include "os/file.h"
#include "os/secret_file.h"

enum { DAY_S = 24 * 3600, MINUTE_S = 60 };

struct ca {
    struct signer *key; /* owned */
    struct gb_bytes pem;
    const char *trust_domain;
};

static void ca_done(struct ca *ca)
{
    signer_free(ca->key);
}

static int read_file(const struct operator_ask *ask, const char *name, size_t max,
                     struct gb_bytes *ret_bytes, struct gb_err *err)
{
    const char *path = gb_arena_printf(ask->arena, "%s/%s", ask->keyd_state, name);
    return path ? file_read(ask->arena, path, max, ret_bytes, err) : gb_err_nomem(err);
}

static int read_key(const struct operator_ask *ask, struct ca *ca, struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret passphrase = {0};
    gb_cleanup(secret_done) struct secret pem = {0};
    const char *path = gb_arena_printf(ask->arena, "%s/ca.key", ask->keyd_state);
    int r =
        path ? secret_file_passphrase(ask->passphrase_file, &passphrase, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = secret_file_read(path, GB_LIMIT_PUBLIC, &pem, err);
    if (r < 0)
        return r;
    r = signer_from_pem(secret_bytes(&pem), secret_bytes(&passphrase), &ca->key, err);
    if (r < 0)
        gb_err_prefix(err, "ca.key: ");
    return r;
}

/* The log is named "<trust domain>/ledger". */
static int read_trust_domain(const struct operator_ask *ask, struct ca *ca, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct gb_bytes in = {0};
    struct last_signed last;
    int r = read_file(ask, "ledger.state", LAST_SIGNED_MAX, &in, err);
    if (r == GB_OK)
        r = digester_new(&digester, err);
    if (r < 0)
        return r;
    r = last_signed_read(digester, in, &last, err);
    if (r < 0) {
        gb_err_prefix(err, "ledger.state ");
        return r;
    }
    size_t len = strcspn(last.origin, "/");
    ca->trust_domain = gb_arena_printf(ask->arena, "%.*s", (int)len, last.origin);
    return ca->trust_domain ? GB_OK : gb_err_nomem(err);
}

static int read_ca(const struct operator_ask *ask, struct ca *ca, struct gb_err *err)
{
    int r = read_file(ask, "ca.pem", GB_LIMIT_CERT, &ca->pem, err);
    if (r == GB_ERR_NOTFOUND)
        gb_err_prefix(err, "--keyd-state: ");
    if (r == GB_OK)
        r = read_key(ask, ca, err);
    return r < 0 ? r : read_trust_domain(ask, ca, err);
}

/* The half that is certified, of a key that is made here. */
static int make_key(const struct operator_ask *ask, struct operator_cert *cert,
                    struct key **ret_key, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    uint8_t x[32];
    uint8_t y[32];
    uint8_t fingerprint[32];
    gb_buf_init(&pem, GB_LIMIT_PUBLIC);
    int r = signer_new(&signer, err);
    if (r == GB_OK)
        r = signer_public(signer, x, y, fingerprint, err);
    if (r == GB_OK)
        r = key_from_ec(KEY_P256, gb_bytes(x, 32), gb_bytes(y, 32), ret_key, err);
    if (r == GB_OK)
        r = signer_to_pem(signer, gb_bytes(NULL, 0), &pem, err);
    if (r == GB_OK)
        cert->key_pem = gb_arena_copy(ask->arena, gb_buf_bytes(&pem));
    secret_wipe(pem.data, pem.len);
    return r == GB_OK && !cert->key_pem.data ? gb_err_nomem(err) : r;
}

static int issue(const struct operator_ask *ask, const struct ca *ca, const struct key *key,
                 struct operator_cert *cert, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, GB_LIMIT_CERT);
    cert->not_after_s = ask->now_s + ask->days * DAY_S;
    cert->spiffe_id =
        gb_arena_printf(ask->arena, "spiffe://%s/operator/%s", ca->trust_domain, ask->name);
    const struct issue what = {.role = ISSUE_CLIENT,
                               .common_name = ask->name,
                               .spiffe_id = cert->spiffe_id,
                               .not_before_s = ask->now_s - 5 * MINUTE_S,
                               .not_after_s = cert->not_after_s};
    int r =
        cert->spiffe_id ? issue_cert(ca->key, ca->pem, key, &what, &pem, err) : gb_err_nomem(err);
    if (r == GB_OK)
        cert->pem = gb_arena_copy(ask->arena, gb_buf_bytes(&pem));
    return r == GB_OK && !cert->pem.data ? gb_err_nomem(err) : r;
}

int operator_cert_make(const struct operator_ask *ask, struct operator_cert *ret_cert,
                       struct gb_err *err)
{
    gb_cleanup(ca_done) struct ca ca = {0};
    gb_cleanup(key_freep) struct key *key = NULL;
    struct operator_cert cert = {0};
    int r = read_ca(ask, &ca, err);
    if (r == GB_OK)
        r = ask->csr.len > 0 ? issue_request_key(ask->csr, &key, err)
                             : make_key(ask, &cert, &key, err);
    if (r == GB_OK)
        r = issue(ask, &ca, key, &cert, err);
    if (r < 0)
        operator_cert_wipe(&cert);
    else
        *ret_cert = cert;
    return r;
}

/* The bytes are ours, in the arena: only their type says const. */
void operator_cert_wipe(struct operator_cert *cert)
{
    secret_wipe((void *)(uintptr_t)cert->key_pem.data, cert->key_pem.len);
}
