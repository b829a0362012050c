#include "verify/binding.h"

#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/wrap.h"

/* Each names its purpose, so that no digest of ours can stand for another; the NULs count. */
static const char quote_domain[] = "garboard-quote-v1";
static const char proof_domain[] = "garboard-enrol-v1";
static const char key_domain[] = "garboard-certify-v1";
static const char node_domain[] = "garboard-node-v1";

static int hash(struct digester *digester, struct gb_bytes nonce, const uint8_t transport[32],
                const uint8_t extras[32], uint8_t out[BINDING_SIZE])
{
    const uint8_t len[2] = {(uint8_t)(nonce.len >> 8), (uint8_t)nonce.len};
    const struct gb_bytes pieces[] = {gb_bytes(quote_domain, sizeof quote_domain),
                                      gb_bytes(len, sizeof len), nonce, gb_bytes(transport, 32),
                                      gb_bytes(extras, 32)};
    int r = digest_begin(digester, DIGEST_SHA256);
    for (size_t i = 0; r == GB_OK && i < GB_ARRAY_LEN(pieces); i++)
        r = digest_add(digester, DIGEST_SHA256, pieces[i]);
    return r < 0 ? r : digest_end(digester, DIGEST_SHA256, out);
}

int binding_of(struct digester *digester, struct gb_bytes nonce, const uint8_t transport[32],
               struct gb_bytes extras, uint8_t out[BINDING_SIZE], struct gb_err *err)
{
    uint8_t digest[32];
    if (digest_of(digester, DIGEST_SHA256, extras, digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return binding_of_digest(digester, nonce, transport, digest, out, err);
}

int binding_of_digest(struct digester *digester, struct gb_bytes nonce, const uint8_t transport[32],
                      const uint8_t extras[32], uint8_t out[BINDING_SIZE], struct gb_err *err)
{
    if (nonce.len > GB_LIMIT_NONCE)
        return gb_err_set(err, GB_ERR_BUG, "a nonce of %zu bytes", nonce.len);
    if (hash(digester, nonce, transport, extras, out) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return GB_OK;
}

int binding_proof(struct gb_bytes secret, struct gb_bytes nonce, uint8_t out[BINDING_PROOF],
                  struct gb_err *err)
{
    uint8_t message[sizeof proof_domain + BINDING_NONCE];
    if (nonce.len != BINDING_NONCE)
        return gb_err_set(err, GB_ERR_INPUT, "a nonce of %zu bytes, not %d", nonce.len,
                          BINDING_NONCE);
    memcpy(message, proof_domain, sizeof proof_domain);
    memcpy(message + sizeof proof_domain, nonce.data, BINDING_NONCE);
    return wrap_hmac(DIGEST_SHA256, secret, gb_bytes(message, sizeof message), out, err);
}

int binding_of_key(struct digester *digester, struct gb_bytes answered, uint8_t out[BINDING_SIZE],
                   struct gb_err *err)
{
    if (digest_of_two(digester, DIGEST_SHA256, gb_bytes(key_domain, sizeof key_domain), answered,
                      out) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return GB_OK;
}

int binding_node(struct digester *digester, const uint8_t ek[32], uint8_t out[BINDING_NODE],
                 struct gb_err *err)
{
    uint8_t digest[32];
    if (digest_of_two(digester, DIGEST_SHA256, gb_bytes(node_domain, sizeof node_domain),
                      gb_bytes(ek, 32), digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    digest[6] = (uint8_t)(0x80 | (digest[6] & 0x0f));
    digest[8] = (uint8_t)(0x80 | (digest[8] & 0x3f));
    memcpy(out, digest, BINDING_NODE);
    return GB_OK;
}
