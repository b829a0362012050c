#include "make_quote.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "../test.h"
#include "base/encode.h"

void make_ak_init(struct make_ak *ak, const char *kind, unsigned bits, enum key_scheme scheme,
                  enum digest_alg hash)
{
    *ak = (struct make_ak){.scheme = scheme, .hash = hash};
    ak->key = kind[0] == 'R' ? EVP_PKEY_Q_keygen(NULL, NULL, kind, (size_t)bits)
                             : EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    assert_non_null(ak->key);
}

void make_ak_done(struct make_ak *ak)
{
    EVP_PKEY_free(ak->key);
}

/* A number of the key, padded to `size` bytes. */
static struct gb_bytes number(const struct make_ak *ak, const char *name, size_t size, uint8_t *out)
{
    BIGNUM *n = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(ak->key, name, &n), 1);
    assert_int_equal(BN_bn2binpad(n, out, (int)size), size);
    BN_free(n);
    return gb_bytes(out, size);
}

void make_ak_public(const struct make_ak *ak, uint32_t attributes, struct gb_buf *out)
{
    uint8_t a[512];
    uint8_t b[66];
    int bits = EVP_PKEY_get_bits(ak->key);
    size_t size = (size_t)(bits + 7) / 8;
    struct tpm_public p = {.name_alg = DIGEST_SHA256,
                           .attributes = attributes,
                           .symmetric_alg = TPM_ALG_NULL,
                           .scheme = (uint16_t)ak->scheme,
                           .scheme_hash = (uint16_t)ak->hash};
    if (EVP_PKEY_is_a(ak->key, "RSA")) {
        p.type = TPM_ALG_RSA;
        p.rsa_bits = (uint16_t)bits;
        p.rsa_modulus = number(ak, OSSL_PKEY_PARAM_RSA_N, size, a);
    } else {
        p.type = TPM_ALG_ECC;
        p.ecc_curve = bits == 256 ? KEY_P256 : KEY_P384;
        p.ecc_x = number(ak, OSSL_PKEY_PARAM_EC_PUB_X, size, a);
        p.ecc_y = number(ak, OSSL_PKEY_PARAM_EC_PUB_Y, size, b);
    }
    tpm_public_write(out, &p);
    assert_true(gb_buf_ok(out));
}

void make_ak_pem(const struct make_ak *ak, struct gb_buf *out)
{
    char *data = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, ak->key), 1);
    long len = BIO_get_mem_data(bio, &data);
    gb_buf_add(out, data, (size_t)len);
    BIO_free(bio);
    assert_true(gb_buf_ok(out));
}

static size_t sign(const struct make_ak *ak, struct gb_bytes message, uint8_t out[1024])
{
    const char *hash = digest_name(ak->hash);
    size_t len = 1024;
    EVP_PKEY_CTX *pctx = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, hash, NULL, NULL, ak->key, NULL), 1);
    if (ak->scheme == KEY_RSAPSS) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_MAX), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, out, &len, message.data, message.len), 1);
    EVP_MD_CTX_free(ctx);
    return len;
}

void make_signature(const struct make_ak *ak, struct gb_bytes message, struct gb_buf *out)
{
    uint8_t raw[1024];
    uint8_t r[66];
    uint8_t s[66];
    size_t len = sign(ak, message, raw);
    struct tpm_signature signature = {.scheme_id = (uint16_t)ak->scheme,
                                      .hash_id = (uint16_t)ak->hash};
    if (ak->scheme == KEY_ECDSA) {
        const uint8_t *der = raw;
        int size = (EVP_PKEY_get_bits(ak->key) + 7) / 8;
        ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
        assert_non_null(sig);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, size), size);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, size), size);
        ECDSA_SIG_free(sig);
        signature.ecc_r = gb_bytes(r, (size_t)size);
        signature.ecc_s = gb_bytes(s, (size_t)size);
    } else {
        signature.rsa = gb_bytes(raw, len);
    }
    tpm_signature_write(out, &signature);
    assert_true(gb_buf_ok(out));
}

/* TPM2_Quote hashes the selected values bank by bank, each from PCR 0 upward. */
static void hash_values(const struct pcr_values *values, enum digest_alg hash, uint8_t *out)
{
    struct digester *d = NULL;
    assert_int_equal(digester_new(&d, NULL), GB_OK);
    assert_int_equal(digest_begin(d, hash), GB_OK);
    for (size_t i = 0; i < values->count; i++)
        for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++)
            if (values->banks[i].mask >> pcr & 1)
                assert_int_equal(digest_add(d, hash,
                                            gb_bytes(values->banks[i].value[pcr],
                                                     digest_size(values->banks[i].alg))),
                                 GB_OK);
    assert_int_equal(digest_end(d, hash, out), GB_OK);
    digester_free(d);
}

const struct make_clock make_clock_usual = {.clock_ms = 1000, .reset_count = 7, .restart_count = 2};

void make_quote(const struct pcr_values *values, enum digest_alg hash, struct gb_bytes nonce,
                struct gb_buf *out)
{
    make_quote_at(values, hash, nonce, &make_clock_usual, out);
}

void make_quote_at(const struct pcr_values *values, enum digest_alg hash, struct gb_bytes nonce,
                   const struct make_clock *clock, struct gb_buf *out)
{
    static const uint8_t signer[34] = {0, 0x0b, 1, 2, 3};
    uint8_t digest[GB_LIMIT_DIGEST];
    hash_values(values, hash, digest);
    struct tpm_attest attest = {.magic = TPM_GENERATED_VALUE,
                                .type = TPM_ST_ATTEST_QUOTE,
                                .qualified_signer = gb_bytes(signer, sizeof signer),
                                .extra_data = nonce,
                                .clock_ms = clock->clock_ms,
                                .reset_count = clock->reset_count,
                                .restart_count = clock->restart_count,
                                .safe = !clock->unsafe,
                                .firmware_version = 42};
    attest.quote.pcr_digest = gb_bytes(digest, digest_size(hash));
    attest.quote.selection.count = values->count;
    for (size_t i = 0; i < values->count; i++)
        attest.quote.selection.banks[i] =
            (struct pcr_selected){(uint16_t)values->banks[i].alg, values->banks[i].mask};
    tpm_attest_write(out, &attest);
    assert_true(gb_buf_ok(out));
}

void make_pcr_text(const struct pcr_values *values, struct gb_buf *out)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct pcr_bank *bank = &values->banks[i];
        gb_buf_printf(out, "  %s:\n", digest_name(bank->alg));
        for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
            char hex[2 * GB_LIMIT_DIGEST + 1];
            if (!(bank->mask >> pcr & 1))
                continue;
            gb_hex_encode(gb_bytes(bank->value[pcr], digest_size(bank->alg)), hex);
            gb_buf_printf(out, "    %-2u: 0x%s\n", pcr, hex);
        }
    }
    assert_true(gb_buf_ok(out));
}
