#include "crypto/digest.h"

#include <openssl/evp.h>

#include "base/mem.h"

static const struct {
    enum digest_alg alg;
    size_t size;
    const char *name;
    const char *evp;
} table[DIGEST_ALGS] = {
    {DIGEST_SHA1, 20, "sha1", "SHA1"},
    {DIGEST_SHA256, 32, "sha256", "SHA256"},
    {DIGEST_SHA384, 48, "sha384", "SHA384"},
    {DIGEST_SHA512, 64, "sha512", "SHA512"},
};

const enum digest_alg digest_algs[DIGEST_ALGS] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384,
                                                  DIGEST_SHA512};

struct digester {
    EVP_MD *md[DIGEST_ALGS];
    EVP_MD_CTX *ctx[DIGEST_ALGS];
};

/* Row of `alg`, or -1. SHA-1 apart, ids are consecutive; the order of the table follows them. */
static int row_of(enum digest_alg alg)
{
    if (alg == DIGEST_SHA1)
        return 0;
    return alg >= DIGEST_SHA256 && alg <= DIGEST_SHA512 ? (int)alg - DIGEST_SHA256 + 1 : -1;
}

enum digest_alg digest_from_id(uint16_t tpm_alg_id)
{
    return row_of((enum digest_alg)tpm_alg_id) < 0 ? DIGEST_NONE : (enum digest_alg)tpm_alg_id;
}

enum digest_alg digest_from_name(struct gb_bytes name)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (gb_bytes_is(name, table[i].name) || gb_bytes_is(name, table[i].evp))
            return table[i].alg;
    return DIGEST_NONE;
}

const char *digest_name(enum digest_alg alg)
{
    int row = row_of(alg);
    return row < 0 ? "none" : table[row].name;
}

size_t digest_size(enum digest_alg alg)
{
    int row = row_of(alg);
    return row < 0 ? 0 : table[row].size;
}

bool digest_strong(enum digest_alg alg)
{
    return row_of(alg) > 0;
}

int digester_new(struct digester **ret_digester, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *d = gb_calloc(1, sizeof *d);
    if (!d)
        return gb_err_nomem(err);
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        d->md[i] = EVP_MD_fetch(NULL, table[i].evp, NULL);
        d->ctx[i] = EVP_MD_CTX_new();
        if (!d->md[i] || !d->ctx[i] || EVP_DigestInit_ex2(d->ctx[i], d->md[i], NULL) != 1)
            return gb_err_set(err, GB_ERR_BUG, "libcrypto has no %s", table[i].evp);
    }
    *ret_digester = gb_take(d);
    return GB_OK;
}

void digester_free(struct digester *digester)
{
    if (!digester)
        return;
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        EVP_MD_CTX_free(digester->ctx[i]);
        EVP_MD_free(digester->md[i]);
    }
    gb_free(digester);
}

void digester_freep(struct digester **digester)
{
    digester_free(*digester);
}

int digest_begin(struct digester *digester, enum digest_alg alg)
{
    int row = row_of(alg);
    if (row < 0 || EVP_DigestInit_ex2(digester->ctx[row], digester->md[row], NULL) != 1)
        return GB_ERR_BUG;
    return GB_OK;
}

int digest_add(struct digester *digester, enum digest_alg alg, struct gb_bytes in)
{
    int row = row_of(alg);
    if (row < 0 || EVP_DigestUpdate(digester->ctx[row], in.data, in.len) != 1)
        return GB_ERR_BUG;
    return GB_OK;
}

int digest_end(struct digester *digester, enum digest_alg alg, uint8_t *out)
{
    int row = row_of(alg);
    if (row < 0 || EVP_DigestFinal_ex(digester->ctx[row], out, NULL) != 1)
        return GB_ERR_BUG;
    return GB_OK;
}

/* The hot path of every replay: straight through, one look-up of the row. */
int digest_of(struct digester *digester, enum digest_alg alg, struct gb_bytes in, uint8_t *out)
{
    int row = row_of(alg);
    if (row < 0)
        return GB_ERR_BUG;
    EVP_MD_CTX *ctx = digester->ctx[row];
    if (EVP_DigestInit_ex2(ctx, digester->md[row], NULL) != 1 ||
        EVP_DigestUpdate(ctx, in.data, in.len) != 1 || EVP_DigestFinal_ex(ctx, out, NULL) != 1)
        return GB_ERR_BUG;
    return GB_OK;
}

int digest_of_two(struct digester *digester, enum digest_alg alg, struct gb_bytes a,
                  struct gb_bytes b, uint8_t *out)
{
    int r = digest_begin(digester, alg);
    if (r < 0)
        return r;
    r = digest_add(digester, alg, a);
    if (r < 0)
        return r;
    r = digest_add(digester, alg, b);
    return r < 0 ? r : digest_end(digester, alg, out);
}
