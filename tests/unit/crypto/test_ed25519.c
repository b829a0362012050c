#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "crypto/ed25519.h"
#include "crypto/signer.h"

/* RFC 8032, 7.1: tests 1 to 3. */
static const struct {
    const char *secret;
    const char *public;
    const char *message;
    const char *signature;
} rfc[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

static struct gb_bytes none(void)
{
    return gb_bytes("", 0);
}

/* The seed as PKCS#8 (RFC 8410). */
static struct ed25519 *key_of(const char *secret)
{
    uint8_t der[48] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    struct ed25519 *key = NULL;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    assert_true(gb_hex_decode(gb_bytes_str(secret), der + 16, 32));
    const char *pem =
        gb_arena_printf(arena, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
                        gb_base64(arena, gb_bytes(der, sizeof der)));
    assert_int_equal(ed25519_from_pem(gb_bytes_str(pem), none(), &key, NULL), 0);
    return key;
}

static void the_answers_of_rfc_8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(rfc); i++) {
        uint8_t public[32];
        uint8_t is_public[32];
        uint8_t signature[64];
        uint8_t is_signature[64];
        uint8_t message[2];
        bool valid = false;
        struct gb_bytes text = gb_bytes(message, strlen(rfc[i].message) / 2);
        gb_cleanup(ed25519_freep) struct ed25519 *key = key_of(rfc[i].secret);
        assert_true(gb_hex_decode(gb_bytes_str(rfc[i].public), public, 32));
        assert_true(gb_hex_decode(gb_bytes_str(rfc[i].signature), signature, 64));
        assert_true(gb_hex_decode(gb_bytes_str(rfc[i].message), message, text.len));
        assert_int_equal(ed25519_public(key, is_public, NULL), 0);
        assert_memory_equal(is_public, public, 32);
        assert_int_equal(ed25519_sign(key, text, is_signature, NULL), 0);
        assert_memory_equal(is_signature, signature, 64);
        assert_int_equal(ed25519_verify(public, text, signature, &valid, NULL), 0);
        assert_true(valid);
    }
}

static void any_other_bit_does_not_verify(void **state)
{
    (void)state;
    uint8_t public[32];
    uint8_t signature[64];
    bool valid = true;
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    assert_int_equal(ed25519_new(&key, NULL), 0);
    assert_int_equal(ed25519_public(key, public, NULL), 0);
    assert_int_equal(ed25519_sign(key, gb_bytes_str("message"), signature, NULL), 0);
    for (size_t bit = 0; bit < 512; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ed25519_verify(public, gb_bytes_str("message"), signature, &valid, NULL),
                         0);
        assert_false(valid);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(ed25519_verify(public, gb_bytes_str("massage"), signature, &valid, NULL), 0);
    assert_false(valid);
    for (size_t bit = 0; bit < 256; bit++) { /* some are no point of the curve at all */
        public[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ed25519_verify(public, gb_bytes_str("message"), signature, &valid, NULL),
                         0);
        assert_false(valid);
        public[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(ed25519_verify(public, gb_bytes_str("message"), signature, &valid, NULL), 0);
    assert_true(valid);
}

static void keys_are_written_and_read(void **state)
{
    (void)state;
    const char *passphrases[] = {"", "correct horse"};
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    assert_int_equal(ed25519_new(&key, NULL), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(passphrases); i++) {
        uint8_t a[32];
        uint8_t b[32];
        struct gb_buf pem;
        struct gb_bytes passphrase = gb_bytes_str(passphrases[i]);
        gb_cleanup(ed25519_freep) struct ed25519 *again = NULL;
        gb_buf_init(&pem, GB_LIMIT_PUBLIC);
        assert_int_equal(ed25519_to_pem(key, passphrase, &pem, NULL), 0);
        assert_int_equal(ed25519_from_pem(gb_buf_bytes(&pem), gb_bytes_str("wrong"), &again, NULL),
                         i == 0 ? 0 : GB_ERR_CONFIG);
        ed25519_free(gb_take(again));
        assert_int_equal(ed25519_from_pem(gb_buf_bytes(&pem), passphrase, &again, NULL), 0);
        assert_int_equal(ed25519_public(key, a, NULL), 0);
        assert_int_equal(ed25519_public(again, b, NULL), 0);
        assert_memory_equal(a, b, 32);
        gb_buf_done(&pem);
    }
}

static void a_key_of_another_kind_is_refused(void **state)
{
    (void)state;
    struct gb_buf pem;
    struct gb_err err;
    gb_cleanup(signer_freep) struct signer *p256 = NULL;
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    gb_cleanup(ed25519_freep) struct ed25519 *ed = NULL;
    gb_cleanup(signer_freep) struct signer *as_p256 = NULL;
    gb_buf_init(&pem, GB_LIMIT_PUBLIC);
    assert_int_equal(signer_new(&p256, NULL), 0);
    assert_int_equal(signer_to_pem(p256, none(), &pem, NULL), 0);
    assert_int_equal(ed25519_from_pem(gb_buf_bytes(&pem), none(), &key, &err), GB_ERR_CONFIG);
    assert_string_equal(err.text, "the private key is not one of Ed25519");
    pem.len = 0;
    assert_int_equal(ed25519_new(&ed, NULL), 0);
    assert_int_equal(ed25519_to_pem(ed, none(), &pem, NULL), 0);
    assert_int_equal(signer_from_pem(gb_buf_bytes(&pem), none(), &as_p256, &err), GB_ERR_CONFIG);
    gb_buf_done(&pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answers_of_rfc_8032),
        cmocka_unit_test(any_other_bit_does_not_verify),
        cmocka_unit_test(keys_are_written_and_read),
        cmocka_unit_test(a_key_of_another_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
