/* Aims at ima_sig_read and sig_key_verify: the signature on a file as a node sends it, against keys
 * of both kinds. None is right: nobody has the private keys. */
#include <stdlib.h>

#include "crypto/sig_key.h"
#include "evidence/ima_sig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The point G of P-256 (FIPS 186-5): whoever knew that its private key is 1 could sign by it, which
 * no fuzzer finds. */
static const uint8_t x[] = {0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
                            0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
                            0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96};
static const uint8_t y[] = {0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
                            0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
                            0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t digest[64] = {1};
    uint8_t modulus[256];
    struct sig_key ec = {
        .kind = KEY_EC, .curve = KEY_P256, .x = gb_bytes(x, 32), .y = gb_bytes(y, 32)};
    struct sig_key rsa = {
        .kind = KEY_RSA, .modulus = gb_bytes(modulus, sizeof modulus), .exponent = 65537};
    struct ima_sig sig;
    const char *why;
    bool valid = false;
    for (size_t i = 0; i < sizeof modulus; i++)
        modulus[i] = (uint8_t)(0xc1 + 2 * i);
    if (!ima_sig_read(gb_bytes(data, size), &sig, &why)) {
        if (!why)
            abort();
        return 0;
    }
    if (sig.alg == DIGEST_NONE || sig.value.len + 9 != size)
        return 0;
    if (sig_key_verify(&ec, sig.alg, digest, sig.value, &valid, NULL) < 0 || valid)
        abort();
    if (sig_key_verify(&rsa, sig.alg, digest, sig.value, &valid, NULL) < 0 || valid)
        abort();
    return 0;
}
