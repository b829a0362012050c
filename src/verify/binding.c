#include "verify/binding.h"

#include "base/limits.h"
#include "crypto/digest.h"

/* Names the purpose, so that no other digest of ours can stand for this one; its NUL counts. */
static const char domain[] = "garboard-quote-v1";

static int hash(struct digester *digester, struct gb_bytes nonce, const uint8_t transport[32],
                const uint8_t extras[32], uint8_t out[BINDING_SIZE])
{
    const uint8_t len[2] = {(uint8_t)(nonce.len >> 8), (uint8_t)nonce.len};
    const struct gb_bytes pieces[] = {gb_bytes(domain, sizeof domain), gb_bytes(len, sizeof len),
                                      nonce, gb_bytes(transport, 32), gb_bytes(extras, 32)};
    int r = digest_begin(digester, DIGEST_SHA256);
    for (size_t i = 0; r == GB_OK && i < GB_ARRAY_LEN(pieces); i++)
        r = digest_add(digester, DIGEST_SHA256, pieces[i]);
    return r < 0 ? r : digest_end(digester, DIGEST_SHA256, out);
}

int binding_of(struct digester *digester, struct gb_bytes nonce, const uint8_t transport[32],
               struct gb_bytes extras, uint8_t out[BINDING_SIZE], struct gb_err *err)
{
    uint8_t digest[32];
    if (nonce.len > GB_LIMIT_NONCE)
        return gb_err_set(err, GB_ERR_BUG, "a nonce of %zu bytes", nonce.len);
    int r = digest_of(digester, DIGEST_SHA256, extras, digest);
    if (r == GB_OK)
        r = hash(digester, nonce, transport, digest, out);
    return r < 0 ? gb_err_set(err, GB_ERR_BUG, "sha256 failed") : GB_OK;
}
