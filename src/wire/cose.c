#include "wire/cose.h"

#include <stdint.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/key.h"
#include "wire/cbor.h"
#include "wire/cose_header.h"

static void read_protected(struct cbor_reader *reader, struct cbor_keys *labels,
                           struct cose_sign1 *message)
{
    struct cbor_reader inner;
    message->protected_bytes = cbor_read_bytes(reader, GB_LIMIT_IMPORT_FILE);
    cbor_enter(reader, message->protected_bytes, &inner);
    if (message->protected_bytes.len > 0) /* RFC 9052, 3: empty is an empty map */
        cose_header_read(&inner, true, labels, message);
    cbor_leave(reader, &inner, "protected header");
}

void cose_sign1_read(struct cbor_reader *reader, struct cose_sign1 *ret_message)
{
    struct cose_sign1 message = {.alg = COSE_NONE};
    struct cbor_keys labels;
    labels.count = 0;
    size_t items = cbor_read_array(reader, 4);
    if (items != 4)
        cbor_fail(reader, GB_ERR_INPUT, "COSE_Sign1 has four parts, not %zu", items);
    read_protected(reader, &labels, &message);
    cose_header_read(reader, false, &labels, &message);
    if (cbor_peek(reader) == CBOR_NULL)
        cbor_read_null(reader);
    else
        message.payload = cbor_read_bytes(reader, GB_LIMIT_IMPORT_FILE);
    message.signature = cbor_read_bytes(reader, GB_LIMIT_PUBLIC);
    if (cbor_ok(reader))
        *ret_message = message;
}

void cose_to_be_signed(struct gb_buf *out, struct gb_bytes protected_bytes, struct gb_bytes payload)
{
    cbor_array(out, 4);
    cbor_text(out, gb_bytes_str("Signature1"));
    cbor_bytes(out, protected_bytes);
    cbor_bytes(out, gb_bytes(NULL, 0)); /* external_aad: none */
    cbor_bytes(out, payload);
}

/* What an algorithm asks of the key. */
static const struct suite {
    enum cose_alg alg;
    enum key_scheme scheme; /* none: Ed25519 */
    enum digest_alg digest;
    enum key_curve curve;
} suites[] = {
    {COSE_ES256, KEY_ECDSA, DIGEST_SHA256, KEY_P256},
    {COSE_ESP256, KEY_ECDSA, DIGEST_SHA256, KEY_P256},
    {COSE_ES384, KEY_ECDSA, DIGEST_SHA384, KEY_P384},
    {COSE_ESP384, KEY_ECDSA, DIGEST_SHA384, KEY_P384},
    {COSE_ES512, KEY_ECDSA, DIGEST_SHA512, KEY_P521},
    {COSE_ESP512, KEY_ECDSA, DIGEST_SHA512, KEY_P521},
    {COSE_PS256, KEY_RSAPSS, DIGEST_SHA256, KEY_CURVE_NONE},
    {COSE_PS384, KEY_RSAPSS, DIGEST_SHA384, KEY_CURVE_NONE},
    {COSE_PS512, KEY_RSAPSS, DIGEST_SHA512, KEY_CURVE_NONE},
    {COSE_EDDSA, KEY_SCHEME_NONE, DIGEST_NONE, KEY_CURVE_NONE},
    {COSE_ED25519, KEY_SCHEME_NONE, DIGEST_NONE, KEY_CURVE_NONE},
};

static const struct suite *suite_of(enum cose_alg alg)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(suites); i++)
        if (suites[i].alg == alg)
            return &suites[i];
    return NULL;
}

/* NULL when the key can have made signatures of this suite. */
static const char *misfit(const struct suite *suite, const struct key *key, uint8_t public[32])
{
    if (!suite)
        return "its algorithm is none of ES256, ES384, ES512, EdDSA, PS256, PS384, PS512";
    if (suite->scheme == KEY_SCHEME_NONE)
        return key_ed25519(key, public) ? NULL
                                        : "it is signed with Ed25519, and the key is another";
    if (suite->scheme == KEY_ECDSA && key_kind(key) != KEY_EC)
        return "it is signed with ECDSA, and the key is another";
    if (suite->scheme == KEY_RSAPSS && key_kind(key) != KEY_RSA)
        return "it is signed with RSA, and the key is another";
    if (key_weakness(key))
        return key_weakness(key);
    return suite->scheme == KEY_ECDSA && key_curve(key) != suite->curve
               ? "its algorithm and the key are of different curves"
               : NULL;
}

static int check(const struct suite *suite, const struct key *key, const uint8_t public[32],
                 struct digester *digester, struct gb_bytes signed_bytes, struct gb_bytes signature,
                 bool *ret_valid, struct gb_err *err)
{
    uint8_t digest[GB_LIMIT_DIGEST];
    *ret_valid = false;
    if (suite->scheme == KEY_SCHEME_NONE)
        return signature.len == ED25519_SIGNATURE
                   ? ed25519_verify(public, signed_bytes, signature.data, ret_valid, err)
                   : GB_OK;
    int r = digest_of(digester, suite->digest, signed_bytes, digest);
    if (r < 0)
        return gb_err_set(err, (enum gb_err_code)r, "cannot compute %s",
                          digest_name(suite->digest));
    if (suite->scheme == KEY_RSAPSS)
        return key_verify(key, KEY_RSAPSS, suite->digest, digest, signature, gb_bytes(NULL, 0),
                          ret_valid, err);
    /* RFC 9053, 2.1: r and s, each as long as the curve's order. */
    size_t half = (key_bits(key) + 7) / 8;
    if (signature.len != 2 * half)
        return GB_OK;
    return key_verify(key, KEY_ECDSA, suite->digest, digest, gb_bytes(signature.data, half),
                      gb_bytes_from(signature, half), ret_valid, err);
}

int cose_sign1_verify(const struct cose_sign1 *message, struct digester *digester,
                      const struct key *key, bool *ret_valid, const char **ret_reason,
                      struct gb_err *err)
{
    uint8_t public[32];
    const struct suite *suite = suite_of(message->alg);
    gb_cleanup(gb_buf_done) struct gb_buf signed_bytes;
    gb_buf_init(&signed_bytes, 2 * (size_t)GB_LIMIT_IMPORT_FILE + 64);
    *ret_valid = false;
    *ret_reason = message->payload.data ? misfit(suite, key, public) : "its payload is detached";
    if (*ret_reason)
        return GB_OK;
    cose_to_be_signed(&signed_bytes, message->protected_bytes, message->payload);
    if (!gb_buf_ok(&signed_bytes))
        return gb_err_nomem(err);
    *ret_reason = "its signature was not made with this key, or what was signed is changed";
    int r = check(suite, key, public, digester, gb_buf_bytes(&signed_bytes), message->signature,
                  ret_valid, err);
    if (r == GB_OK && *ret_valid)
        *ret_reason = NULL;
    return r;
}
