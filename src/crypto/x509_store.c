#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/x509_ossl.h"

static void stackp(STACK_OF(X509) * *certs)
{
    sk_X509_pop_free(*certs, X509_free);
}

static void bio_freep(BIO **bio)
{
    BIO_free(*bio);
}

int x509_store_new(struct x509_store **ret_store, struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *store = gb_calloc(1, sizeof *store);
    if (!store)
        return gb_err_nomem(err);
    store->certs = sk_X509_new_null();
    if (!store->certs)
        return gb_err_nomem(err);
    *ret_store = gb_take(store);
    return GB_OK;
}

void x509_store_free(struct x509_store *store)
{
    if (!store)
        return;
    stackp(&store->certs);
    gb_free(store);
}

void x509_store_freep(struct x509_store **store)
{
    x509_store_free(*store);
}

size_t x509_store_count(const struct x509_store *store)
{
    int n = sk_X509_num(store->certs);
    return n > 0 ? (size_t)n : 0;
}

/* Takes over `x` in any case. */
static int push(STACK_OF(X509) * certs, X509 *x, struct gb_err *err)
{
    if (sk_X509_num(certs) < GB_LIMIT_CERTS && sk_X509_push(certs, x) > 0)
        return GB_OK;
    X509_free(x);
    if (sk_X509_num(certs) < GB_LIMIT_CERTS)
        return gb_err_nomem(err);
    return gb_err_set(err, GB_ERR_LIMIT, "more than %d certificates", GB_LIMIT_CERTS);
}

static int add_der(STACK_OF(X509) * certs, struct gb_bytes der, struct gb_err *err)
{
    X509 *x = NULL;
    size_t len = 0;
    int r = x509_decode(der, &x, &len, err);
    if (r < 0)
        return r;
    if (len != der.len) {
        X509_free(x);
        return gb_err_at(err, GB_ERR_INPUT, len, "bytes follow the certificate");
    }
    return push(certs, x, err);
}

static int add_block(STACK_OF(X509) * certs, const char *name, struct gb_bytes der,
                     struct gb_err *err)
{
    if (strcmp(name, PEM_STRING_X509) != 0 && strcmp(name, PEM_STRING_X509_OLD) != 0)
        return GB_OK;
    int r = add_der(certs, der, err);
    if (r < 0)
        gb_err_prefix(err, "certificate %d of the file: ", sk_X509_num(certs) + 1);
    return r;
}

/* The end of a PEM file looks like an error of its own to libcrypto. */
static bool at_end(void)
{
    unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static int add_pem(STACK_OF(X509) * certs, struct gb_bytes pem, struct gb_err *err)
{
    if (pem.len == 0)
        return GB_OK; /* libcrypto makes no BIO of nothing */
    if (pem.len > GB_LIMIT_CERT * GB_LIMIT_CERTS)
        return gb_err_set(err, GB_ERR_LIMIT, "PEM file of %zu bytes", pem.len);
    gb_cleanup(bio_freep) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (!bio)
        return gb_err_nomem(err);
    ERR_clear_error();
    for (;;) {
        char *name = NULL;
        char *header = NULL;
        unsigned char *data = NULL;
        long len = 0;
        if (PEM_read_bio(bio, &name, &header, &data, &len) != 1)
            return at_end() ? GB_OK : gb_err_set(err, GB_ERR_INPUT, "a PEM block is damaged");
        int r = add_block(certs, name, gb_bytes(data, (size_t)len), err);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
        if (r < 0)
            return r;
    }
}

/* Into a stack of its own first: a file that is bad at its end leaves nothing behind. */
static int collect(STACK_OF(X509) * found, struct gb_bytes in, struct gb_err *err)
{
    int r = in.len > 0 && in.data[0] == 0x30 ? add_der(found, in, err) : add_pem(found, in, err);
    ERR_clear_error();
    if (r == 0 && sk_X509_num(found) == 0)
        r = gb_err_set(err, GB_ERR_INPUT, "no certificate in it");
    return r;
}

int x509_store_add(struct x509_store *store, struct gb_bytes pem_or_der, struct gb_err *err)
{
    gb_cleanup(stackp) STACK_OF(X509) *found = sk_X509_new_null();
    if (!found)
        return gb_err_nomem(err);
    int r = collect(found, pem_or_der, err);
    if (r < 0)
        return r;
    if (sk_X509_num(found) > GB_LIMIT_CERTS - sk_X509_num(store->certs))
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d certificates", GB_LIMIT_CERTS);
    if (!sk_X509_reserve(store->certs, sk_X509_num(found)))
        return gb_err_nomem(err);
    while (sk_X509_num(found) > 0) {
        r = push(store->certs, sk_X509_shift(found), err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}
