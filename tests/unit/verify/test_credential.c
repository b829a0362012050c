#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "../test.h"
#include "base/reader.h"
#include "make_quote.h"
#include "verify/identity.h"

/* What TPM2_ActivateCredential does, with the EK's private key in software: opens the two blobs.
 * wrap.h's own functions are checked against libcrypto's in crypto/test_wrap. */

static const char name_text[] = "\x00\x0b"
                                "a Name of thirty-four bytes, yes";

struct fixture {
    struct make_ak ek;
    struct gb_buf area;
    struct tpm_public public_area;
    struct gb_buf id_object;
    struct gb_buf encrypted_secret;
    uint8_t random[GB_LIMIT_DIGEST];
};

static struct gb_bytes ak_name(void)
{
    return gb_bytes(name_text, 34);
}

/* An EK of the TCG's templates: decrypts, restricted, AES-CFB. */
static void make_ek(struct fixture *f, const char *kind, enum digest_alg hash, uint16_t aes_bits)
{
    struct tpm_public p;
    *f = (struct fixture){0};
    gb_buf_init(&f->area, 4096);
    gb_buf_init(&f->id_object, 4096);
    gb_buf_init(&f->encrypted_secret, 4096);
    make_ak_init(&f->ek, kind, 2048, kind[0] == 'R' ? KEY_RSASSA : KEY_ECDSA, hash);
    make_ak_public(&f->ek, TPMA_FIXED_TPM | TPMA_RESTRICTED | TPMA_DECRYPT, &f->area);
    assert_int_equal(tpm_public_read(gb_buf_bytes(&f->area), &p, NULL), GB_OK);
    p.name_alg = (uint16_t)hash;
    p.scheme = TPM_ALG_NULL;
    p.symmetric_alg = TPM_ALG_AES;
    p.symmetric_bits = aes_bits;
    p.symmetric_mode = TPM_ALG_CFB;
    f->public_area = p;
    memset(f->random, 0x17, sizeof f->random);
}

static void done(struct fixture *f)
{
    make_ak_done(&f->ek);
    gb_buf_done(&f->area);
    gb_buf_done(&f->id_object);
    gb_buf_done(&f->encrypted_secret);
}

static int make(struct fixture *f, size_t random_len, const char *secret)
{
    return identity_make_credential(&f->public_area, ak_name(), gb_bytes_str(secret),
                                    gb_bytes(f->random, random_len), &f->id_object,
                                    &f->encrypted_secret, NULL);
}

/* The secret, or no bytes when the HMAC does not fit the Name. */
static size_t open_id_object(const struct fixture *f, const uint8_t *seed, struct gb_bytes name,
                             uint8_t out[GB_LIMIT_DIGEST + 2])
{
    enum digest_alg alg = digest_from_id(f->public_area.name_alg);
    size_t size = digest_size(alg);
    struct gb_bytes key = gb_bytes(seed, size);
    const struct gb_bytes none = gb_bytes(NULL, 0);
    uint8_t hmac_key[GB_LIMIT_DIGEST];
    uint8_t hmac[GB_LIMIT_DIGEST];
    uint8_t aes[32];
    uint8_t covered[256];
    struct gb_reader r;
    gb_reader_init(&r, gb_buf_bytes(&f->id_object));
    assert_int_equal(gb_read_u16be(&r), f->id_object.len - 2);
    struct gb_bytes said = gb_read_tpm2b(&r, size);
    struct gb_bytes identity = gb_read_bytes(&r, gb_reader_left(&r));
    assert_int_equal(gb_reader_finish(&r, NULL), GB_OK);
    assert_int_equal(wrap_kdfa(alg, key, "INTEGRITY", none, none, 8 * size, hmac_key, NULL), GB_OK);
    memcpy(covered, identity.data, identity.len);
    memcpy(covered + identity.len, name.data, name.len);
    assert_int_equal(wrap_hmac(alg, gb_bytes(hmac_key, size),
                               gb_bytes(covered, identity.len + name.len), hmac, NULL),
                     GB_OK);
    if (!gb_bytes_equal(said, gb_bytes(hmac, size)))
        return 0;
    assert_int_equal(
        wrap_kdfa(alg, key, "STORAGE", name, none, f->public_area.symmetric_bits, aes, NULL),
        GB_OK);
    uint8_t block[GB_LIMIT_DIGEST + 2];
    for (size_t at = 0; at < identity.len; at += 16) {
        size_t n = identity.len - at < 16 ? identity.len - at : 16;
        /* Encrypting [plain so far | zeros] leaves the keystream in the last block. */
        memcpy(block, out, at);
        memset(block + at, 0, n);
        assert_int_equal(wrap_aes_cfb(gb_bytes(aes, f->public_area.symmetric_bits / 8u),
                                      gb_bytes(block, at + n), block, NULL),
                         GB_OK);
        for (size_t i = 0; i < n; i++)
            out[at + i] = block[at + i] ^ identity.data[at + i];
    }
    assert_int_equal(out[0] << 8 | out[1], identity.len - 2);
    return identity.len - 2;
}

static size_t decrypt_seed(const struct fixture *f, uint8_t out[256])
{
    struct gb_reader r;
    size_t len = 256;
    gb_reader_init(&r, gb_buf_bytes(&f->encrypted_secret));
    struct gb_bytes in = gb_read_tpm2b(&r, 256);
    assert_int_equal(gb_reader_finish(&r, NULL), GB_OK);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(f->ek.key, NULL);
    void *label = OPENSSL_memdup("IDENTITY", 9);
    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA256", NULL), 1);
    assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, 9), 1);
    assert_int_equal(EVP_PKEY_decrypt(ctx, out, &len, in.data, in.len), 1);
    EVP_PKEY_CTX_free(ctx);
    return len;
}

static void T04_an_rsa_ek_opens_the_secret_for_this_name_alone(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t seed[256];
    uint8_t out[GB_LIMIT_DIGEST + 2];
    make_ek(&f, "RSA", DIGEST_SHA256, 128);
    assert_int_equal(make(&f, 32, "a secret of 20 bytes"), GB_OK);
    assert_int_equal(decrypt_seed(&f, seed), 32);
    assert_memory_equal(seed, f.random, 32);
    assert_int_equal(open_id_object(&f, seed, ak_name(), out), 20);
    assert_memory_equal(out + 2, "a secret of 20 bytes", 20);
    uint8_t other[34];
    memcpy(other, name_text, 34);
    other[33] ^= 1;
    assert_int_equal(open_id_object(&f, seed, gb_bytes(other, 34), out), 0);
    done(&f);
}

/* The other half of one-pass ECDH: the EK's private scalar and the point that was sent. */
static void ecc_seed(const struct fixture *f, size_t size, uint8_t *seed)
{
    struct gb_reader r;
    uint8_t point[1 + 2 * 66] = {4};
    uint8_t z[66];
    uint8_t own_x[66];
    size_t len = sizeof z;
    gb_reader_init(&r, gb_buf_bytes(&f->encrypted_secret));
    assert_int_equal(gb_read_u16be(&r), f->encrypted_secret.len - 2);
    struct gb_bytes x = gb_read_tpm2b(&r, 66);
    struct gb_bytes y = gb_read_tpm2b(&r, 66);
    assert_int_equal(gb_reader_finish(&r, NULL), GB_OK);
    memcpy(point + 1, x.data, x.len);
    memcpy(point + 1 + x.len, y.data, y.len);
    EVP_PKEY *peer = EVP_PKEY_new();
    assert_int_equal(EVP_PKEY_copy_parameters(peer, f->ek.key), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, point, 1 + x.len + y.len), 1);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(f->ek.key, NULL);
    assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    assert_int_equal(EVP_PKEY_derive(ctx, z, &len), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    memcpy(own_x, f->public_area.ecc_x.data, size);
    enum digest_alg alg = digest_from_id(f->public_area.name_alg);
    assert_int_equal(wrap_kdfe(alg, gb_bytes(z, len), "IDENTITY", x, gb_bytes(own_x, size),
                               8 * digest_size(alg), seed, NULL),
                     GB_OK);
}

static void T04_an_ecc_ek_opens_the_secret(void **state)
{
    (void)state;
    static const struct {
        const char *curve;
        enum digest_alg hash;
        uint16_t aes;
        size_t size;
    } kinds[] = {{"P-256", DIGEST_SHA256, 128, 32}, {"P-384", DIGEST_SHA384, 256, 48}};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        uint8_t seed[GB_LIMIT_DIGEST];
        uint8_t out[GB_LIMIT_DIGEST + 2];
        make_ek(&f, kinds[i].curve, kinds[i].hash, kinds[i].aes);
        assert_int_equal(make(&f, kinds[i].size, "the secret"), GB_OK);
        ecc_seed(&f, kinds[i].size, seed);
        assert_int_equal(open_id_object(&f, seed, ak_name(), out), 10);
        assert_memory_equal(out + 2, "the secret", 10);
        done(&f);
    }
}

static void what_cannot_be_wrapped_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    make_ek(&f, "P-256", DIGEST_SHA256, 128);
    assert_int_equal(make(&f, 32, "123456789012345678901234567890123"), GB_ERR_INPUT); /* 33 */
    f.public_area.symmetric_alg = TPM_ALG_NULL;
    assert_int_equal(make(&f, 32, "x"), GB_ERR_INPUT);
    f.public_area.symmetric_alg = TPM_ALG_AES;
    f.public_area.symmetric_bits = 1024;
    assert_int_equal(make(&f, 32, "x"), GB_ERR_INPUT);
    f.public_area.symmetric_bits = 128;
    f.public_area.name_alg = 0x12;
    assert_int_equal(make(&f, 32, "x"), GB_ERR_INPUT);
    f.public_area.name_alg = DIGEST_SHA256;
    f.public_area.ecc_y = f.public_area.ecc_x;
    assert_int_equal(make(&f, 32, "x"), GB_ERR_INPUT);
    assert_int_equal(f.id_object.len, 0);
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T04_an_rsa_ek_opens_the_secret_for_this_name_alone),
        cmocka_unit_test(T04_an_ecc_ek_opens_the_secret),
        cmocka_unit_test(what_cannot_be_wrapped_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
