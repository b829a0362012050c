#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/rand.h"
#include "crypto/signer.h"

static struct signer *signer;

static int setup(void **state)
{
    (void)state;
    return signer_new(&signer, NULL);
}

static int teardown(void **state)
{
    (void)state;
    signer_free(signer);
    return 0;
}

/* Verified by the public half, which went through other code (key.h). */
static bool verifies(const struct signer *by, struct gb_bytes message, const uint8_t sig[64])
{
    uint8_t x[32];
    uint8_t y[32];
    uint8_t fingerprint[32];
    uint8_t digest[32];
    uint8_t other[32];
    bool valid = false;
    gb_cleanup(key_freep) struct key *key = NULL;
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    assert_int_equal(digester_new(&digester, NULL), 0);
    assert_int_equal(signer_public(by, x, y, fingerprint, NULL), 0);
    assert_int_equal(key_from_ec(KEY_P256, gb_bytes(x, 32), gb_bytes(y, 32), &key, NULL), 0);
    assert_int_equal(key_fingerprint(key, other, NULL), 0);
    assert_memory_equal(fingerprint, other, 32);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, message, digest), 0);
    assert_int_equal(key_verify(key, KEY_ECDSA, DIGEST_SHA256, digest, gb_bytes(sig, 32),
                                gb_bytes(sig + 32, 32), &valid, NULL),
                     0);
    return valid;
}

static void a_signature_verifies_and_only_over_its_message(void **state)
{
    (void)state;
    uint8_t sig[64];
    assert_int_equal(signer_sign(signer, gb_bytes_str("message"), sig, NULL), 0);
    assert_true(verifies(signer, gb_bytes_str("message"), sig));
    assert_false(verifies(signer, gb_bytes_str("massage"), sig));
}

/* Short r and s keep their zeros: one in 128 signatures has one. */
static void every_signature_is_64_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 400; i++) {
        uint8_t sig[64];
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        assert_int_equal(signer_sign(signer, gb_bytes_str(text), sig, NULL), 0);
        assert_true(verifies(signer, gb_bytes_str(text), sig));
    }
}

static void round_trip(struct gb_bytes passphrase, const char *begins)
{
    uint8_t sig[64];
    struct gb_buf pem;
    gb_cleanup(signer_freep) struct signer *again = NULL;
    gb_buf_init(&pem, GB_LIMIT_PUBLIC);
    assert_int_equal(signer_to_pem(signer, passphrase, &pem, NULL), 0);
    assert_true(gb_bytes_starts(gb_buf_bytes(&pem), gb_bytes_str(begins)));
    assert_int_equal(signer_from_pem(gb_buf_bytes(&pem), passphrase, &again, NULL), 0);
    assert_int_equal(signer_sign(again, gb_bytes_str("x"), sig, NULL), 0);
    assert_true(verifies(signer, gb_bytes_str("x"), sig));
    gb_buf_done(&pem);
}

static void keys_are_written_and_read(void **state)
{
    (void)state;
    round_trip(gb_bytes("", 0), "-----BEGIN PRIVATE KEY-----");
    round_trip(gb_bytes_str("correct horse"), "-----BEGIN ENCRYPTED PRIVATE KEY-----");
}

static void a_sealed_key_opens_by_its_passphrase_only(void **state)
{
    (void)state;
    struct gb_buf pem;
    struct gb_err err;
    gb_cleanup(signer_freep) struct signer *again = NULL;
    gb_buf_init(&pem, GB_LIMIT_PUBLIC);
    assert_int_equal(signer_to_pem(signer, gb_bytes_str("right"), &pem, NULL), 0);
    const char *wrong[] = {"wrong", "", "right "};
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++) {
        assert_int_equal(signer_from_pem(gb_buf_bytes(&pem), gb_bytes_str(wrong[i]), &again, &err),
                         GB_ERR_CONFIG);
        assert_null(again);
        assert_null(strstr(err.text, "wrong"));
    }
    gb_buf_done(&pem);
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    gb_cleanup(signer_freep) struct signer *again = NULL;
    /* P-384, made by openssl for this test. */
    static const char p384[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCucqIrhYxvvzAR9wmM\n"
                               "22cgkzDEfThkoRy29abTgTzV6Wa11YMzSMXKrmDPS6ZyF4qhZANiAASl3cZgO1Nq\n"
                               "6RsLzRc+HJkQTK2K1eSKjMWFsXnNwQO/RFl5RR5tPc5OULc50vjbhXEeGTGFuO3u\n"
                               "t8VPKqb1E60T6LGgwFQaqSYva2cHNkEJ5/LrXDT1VApsKhwn05oKlL8=\n"
                               "-----END PRIVATE KEY-----\n";
    const char *bad[] = {"", "nothing", "-----BEGIN PRIVATE KEY-----\n", p384};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(signer_from_pem(gb_bytes_str(bad[i]), gb_bytes("", 0), &again, NULL),
                         GB_ERR_CONFIG);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_int_equal(rand_bytes(a, sizeof a, NULL), 0);
    assert_int_equal(rand_bytes(b, sizeof b, NULL), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_verifies_and_only_over_its_message),
        cmocka_unit_test(every_signature_is_64_bytes),
        cmocka_unit_test(keys_are_written_and_read),
        cmocka_unit_test(a_sealed_key_opens_by_its_passphrase_only),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
