#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "crypto/key.h"
#include "crypto/key_evp.h"

struct block {
    char *name;
    char *header;
    unsigned char *data;
    long len;
};

static void block_done(struct block *block)
{
    OPENSSL_free(block->name);
    OPENSSL_free(block->header);
    OPENSSL_free(block->data);
}

static void bio_freep(BIO **bio)
{
    BIO_free(*bio);
}

/* Whether another PEM block follows; a second key would make "the key" ambiguous. */
static bool another(BIO *bio)
{
    gb_cleanup(block_done) struct block b = {0};
    return PEM_read_bio(bio, &b.name, &b.header, &b.data, &b.len) == 1;
}

static int decode(const struct block *block, struct key **ret_key, struct gb_err *err)
{
    if (strcmp(block->name, PEM_STRING_PUBLIC) != 0)
        return gb_err_set(err, GB_ERR_INPUT, "the PEM block is not a PUBLIC KEY");
    const unsigned char *at = block->data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, block->len);
    if (!pkey)
        return gb_err_set(err, GB_ERR_INPUT, "the PEM block holds no public key");
    if (at != block->data + block->len) {
        EVP_PKEY_free(pkey);
        return gb_err_set(err, GB_ERR_INPUT, "bytes follow the public key");
    }
    return key_from_evp(pkey, ret_key, err);
}

int key_from_pem(struct gb_bytes pem, struct key **ret_key, struct gb_err *err)
{
    if (pem.len == 0 || pem.len > GB_LIMIT_PUBLIC * 4)
        return gb_err_set(err, GB_ERR_INPUT, "no PEM public key is %zu bytes long", pem.len);
    gb_cleanup(bio_freep) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (!bio)
        return gb_err_nomem(err);
    gb_cleanup(block_done) struct block b = {0};
    int r;
    if (PEM_read_bio(bio, &b.name, &b.header, &b.data, &b.len) != 1)
        r = gb_err_set(err, GB_ERR_INPUT, "no PEM block");
    else if (another(bio))
        r = gb_err_set(err, GB_ERR_INPUT, "more than one PEM block");
    else
        r = decode(&b, ret_key, err);
    ERR_clear_error();
    return r;
}
