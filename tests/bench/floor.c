#include "floor.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
    enum digest_alg alg;
    struct gb_bytes in;
};

struct floor {
    struct job *jobs;
    size_t count;
    size_t room;
    EVP_MD *md[DIGEST_ALGS];
    EVP_MD_CTX *ctx;
    EVP_PKEY_CTX *verify;
    struct gb_bytes digest;
    struct gb_bytes sig;
};

static const uint8_t two_digests[2 * 64];

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench: floor: %s failed\n", what);
    abort();
}

static size_t row(enum digest_alg alg)
{
    size_t i = 0;
    while (digest_algs[i] != alg)
        i++;
    return i;
}

struct floor *floor_new(void)
{
    struct floor *f = calloc(1, sizeof *f);
    must(f != NULL, "calloc");
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        f->md[i] = EVP_MD_fetch(NULL, digest_name(digest_algs[i]), NULL);
    f->ctx = EVP_MD_CTX_new();
    must(f->ctx && f->md[0] && f->md[1], "EVP_MD_fetch");
    return f;
}

void floor_free(struct floor *floor)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        EVP_MD_free(floor->md[i]);
    EVP_MD_CTX_free(floor->ctx);
    EVP_PKEY_CTX_free(floor->verify);
    free(floor->jobs);
    free(floor);
}

void floor_add_digest(struct floor *floor, enum digest_alg alg, struct gb_bytes in)
{
    if (floor->count == floor->room) {
        floor->room = floor->room ? floor->room * 2 : 1024;
        floor->jobs = realloc(floor->jobs, floor->room * sizeof *floor->jobs);
        must(floor->jobs != NULL, "realloc");
    }
    floor->jobs[floor->count++] = (struct job){alg, in};
}

void floor_add_extend(struct floor *floor, enum digest_alg alg)
{
    floor_add_digest(floor, alg, gb_bytes(two_digests, 2 * digest_size(alg)));
}

void floor_set_signature(struct floor *floor, struct gb_bytes pem, struct gb_bytes digest,
                         struct gb_bytes sig)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    must(key != NULL, "PEM_read_bio_PUBKEY");
    floor->verify = EVP_PKEY_CTX_new(key, NULL);
    must(EVP_PKEY_verify_init(floor->verify) == 1, "EVP_PKEY_verify_init");
    if (EVP_PKEY_is_a(key, "RSA"))
        must(EVP_PKEY_CTX_set_rsa_padding(floor->verify, RSA_PKCS1_PADDING) == 1,
             "set_rsa_padding");
    must(EVP_PKEY_CTX_set_signature_md(floor->verify, EVP_sha256()) == 1, "set_signature_md");
    EVP_PKEY_free(key);
    floor->digest = digest;
    floor->sig = sig;
}

void floor_run(struct floor *floor)
{
    uint8_t out[EVP_MAX_MD_SIZE];
    if (floor->verify)
        must(EVP_PKEY_verify(floor->verify, floor->sig.data, floor->sig.len, floor->digest.data,
                             floor->digest.len) == 1,
             "EVP_PKEY_verify");
    for (size_t i = 0; i < floor->count; i++) {
        const struct job *j = &floor->jobs[i];
        int ok = EVP_DigestInit_ex2(floor->ctx, floor->md[row(j->alg)], NULL) == 1;
        ok = ok && EVP_DigestUpdate(floor->ctx, j->in.data, j->in.len) == 1;
        ok = ok && EVP_DigestFinal_ex(floor->ctx, out, NULL) == 1;
        must(ok, "digest");
    }
}

size_t floor_digests(const struct floor *floor)
{
    return floor->count;
}
