#include <openssl/evp.h>

#include "crypto/key.h"
#include "crypto/key_evp.h"

enum key_kind key_kind(const struct key *key)
{
    return key->kind;
}

size_t key_bits(const struct key *key)
{
    return key->bits;
}

enum key_curve key_curve(const struct key *key)
{
    return key->curve;
}

bool key_equal(const struct key *a, const struct key *b)
{
    return EVP_PKEY_eq(a->pkey, b->pkey) == 1;
}

static const char *rsa_weakness(const struct key *key)
{
    if (key->bits < 2048)
        return "an RSA key of less than 2048 bits";
    if (key->exponent < 65537 || key->exponent > UINT32_MAX || key->exponent % 2 == 0)
        return "an RSA exponent that is even or not from 65537 to 2^32";
    return NULL;
}

const char *key_weakness(const struct key *key)
{
    if (key->kind == KEY_RSA)
        return rsa_weakness(key);
    if (key->kind != KEY_EC)
        return "neither an RSA nor an EC key";
    return key->curve == KEY_CURVE_NONE ? "a curve other than P-256, P-384 and P-521" : NULL;
}

static const char *rsa_name(size_t bits)
{
    static const struct {
        size_t bits;
        const char *name;
    } names[] = {{1024, "RSA-1024"}, {2048, "RSA-2048"}, {3072, "RSA-3072"}, {4096, "RSA-4096"}};
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++)
        if (names[i].bits == bits)
            return names[i].name;
    return "RSA";
}

const char *key_name(const struct key *key)
{
    if (key->kind == KEY_RSA)
        return rsa_name(key->bits);
    const char *group = key_group(key->curve);
    return group ? group : "unknown";
}
