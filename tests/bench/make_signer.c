#include "make_signer.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

struct file_signer {
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx;
    X509 *certificate;
    uint8_t key_id[4];
};

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench: signer: %s failed\n", what);
    abort();
}

struct file_signer *file_signer_new(void)
{
    struct file_signer *s = calloc(1, sizeof *s);
    uint8_t hash[20];
    must(s != NULL, "calloc");
    s->key = EVP_EC_gen("P-256");
    s->certificate = X509_new();
    must(s->key && s->certificate, "key");
    X509_set_pubkey(s->certificate, s->key);
    X509_gmtime_adj(X509_getm_notBefore(s->certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(s->certificate), 1000);
    must(X509_sign(s->certificate, s->key, EVP_sha256()) > 0, "X509_sign");
    /* Without an identifier of its own a key has the SHA-1 of its bits. */
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(s->certificate);
    must(EVP_Digest(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), hash, NULL,
                    EVP_sha1(), NULL) == 1,
         "sha1");
    memcpy(s->key_id, hash + 16, sizeof s->key_id);
    s->ctx = EVP_PKEY_CTX_new(s->key, NULL);
    must(s->ctx && EVP_PKEY_sign_init(s->ctx) == 1, "EVP_PKEY_sign_init");
    return s;
}

void file_signer_free(struct file_signer *signer)
{
    if (!signer)
        return;
    EVP_PKEY_CTX_free(signer->ctx);
    EVP_PKEY_free(signer->key);
    X509_free(signer->certificate);
    free(signer);
}

struct gb_bytes file_signer_sign(struct gb_arena *arena, struct file_signer *signer,
                                 const uint8_t digest[32])
{
    uint8_t out[9 + 128] = {3, 2, 4}; /* version 2, HASH_ALGO_SHA256 */
    size_t len = 128;
    must(EVP_PKEY_sign(signer->ctx, out + 9, &len, digest, 32) == 1, "EVP_PKEY_sign");
    memcpy(out + 3, signer->key_id, sizeof signer->key_id);
    out[8] = (uint8_t)len;
    return gb_arena_copy(arena, gb_bytes(out, 9 + len));
}

struct gb_bytes file_signer_policy(struct gb_arena *arena, struct file_signer *signer)
{
    struct gb_buf out;
    struct gb_lines lines;
    struct gb_bytes line;
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(bio, signer->certificate) == 1, "PEM");
    long len = BIO_get_mem_data(bio, &text);
    gb_buf_init(&out, 1 << 16);
    gb_buf_puts(&out, "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n"
                      "  name: signed\n  version: 1\nspec:\n  ima:\n    signers:\n"
                      "      - name: bench\n        certificate: |\n");
    gb_lines_init(&lines, gb_bytes(text, (size_t)len));
    while (gb_lines_next(&lines, &line))
        gb_buf_printf(&out, "          %.*s\n", (int)line.len, (const char *)line.data);
    must(gb_buf_ok(&out), "buffer");
    struct gb_bytes kept = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    BIO_free(bio);
    return kept;
}
