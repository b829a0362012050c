#include "make_node.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "make_log.h"

enum { QUOTED = 0x7fff /* PCR 0-14 */, IMA_PCR = 10 };

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench: %s failed\n", what);
    abort();
}

static struct gb_bytes keep(struct gb_arena *arena, struct gb_buf *buf)
{
    must(gb_buf_ok(buf), "buffer");
    struct gb_bytes out = gb_arena_copy(arena, gb_buf_bytes(buf));
    must(out.data != NULL, "arena");
    gb_buf_done(buf);
    return out;
}

static struct gb_bytes public_area(struct gb_arena *arena, enum node_key kind, EVP_PKEY *key)
{
    struct gb_buf area;
    struct gb_buf out;
    gb_buf_init(&area, 1024);
    gb_buf_init(&out, 1024);
    gb_buf_u16be(&area, kind == NODE_RSA ? 0x0001 : 0x0023);
    gb_buf_u16be(&area, DIGEST_SHA256);
    gb_buf_u32be(&area, 0x00050072); /* an AK: fixedTPM fixedParent sensitiveDataOrigin userWithAuth
                                        restricted sign */
    gb_buf_u16be(&area, 0);
    gb_buf_u16be(&area, 0x0010); /* no symmetric algorithm */
    gb_buf_u16be(&area, kind == NODE_RSA ? 0x0014 : 0x0018);
    gb_buf_u16be(&area, DIGEST_SHA256);
    uint8_t number[256];
    BIGNUM *a = NULL;
    BIGNUM *b = NULL;
    if (kind == NODE_RSA) {
        gb_buf_u16be(&area, 2048);
        gb_buf_u32be(&area, 0);
        must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &a), "modulus");
        gb_buf_tpm2b(&area, gb_bytes(number, (size_t)BN_bn2binpad(a, number, 256)));
    } else {
        gb_buf_u16be(&area, 0x0003);
        gb_buf_u16be(&area, 0x0010);
        must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &a), "x");
        must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &b), "y");
        gb_buf_tpm2b(&area, gb_bytes(number, (size_t)BN_bn2binpad(a, number, 32)));
        gb_buf_tpm2b(&area, gb_bytes(number, (size_t)BN_bn2binpad(b, number, 32)));
    }
    BN_free(a);
    BN_free(b);
    gb_buf_tpm2b(&out, gb_buf_bytes(&area));
    gb_buf_done(&area);
    return keep(arena, &out);
}

static struct gb_bytes quote(struct gb_arena *arena, struct digester *digester,
                             struct gb_bytes nonce, uint8_t pcrs[24][32], struct floor *floor,
                             struct gb_bytes *ret_values)
{
    uint8_t digest[32];
    struct gb_buf values;
    gb_buf_init(&values, 24 * 32);
    for (int i = 0; i < 24; i++)
        if (QUOTED >> i & 1)
            gb_buf_add(&values, pcrs[i], 32);
    struct gb_bytes all = keep(arena, &values);
    *ret_values = all;
    must(digest_of(digester, DIGEST_SHA256, all, digest) == 0, "digest");
    floor_add_digest(floor, DIGEST_SHA256, all);

    struct gb_buf out;
    gb_buf_init(&out, 4096);
    gb_buf_u32be(&out, TPM_GENERATED_VALUE);
    gb_buf_u16be(&out, TPM_ST_ATTEST_QUOTE);
    gb_buf_tpm2b(&out, gb_bytes("\0\x0b....", 6));
    gb_buf_tpm2b(&out, nonce);
    gb_buf_u64be(&out, 123456);
    gb_buf_u32be(&out, 7);
    gb_buf_u32be(&out, 0);
    gb_buf_u8(&out, 1);
    gb_buf_u64be(&out, 0x2016051100162800);
    gb_buf_u32be(&out, 1);
    gb_buf_u16be(&out, DIGEST_SHA256);
    gb_buf_u8(&out, 3);
    gb_buf_add(&out, (uint8_t[]){QUOTED & 0xff, QUOTED >> 8, 0}, 3);
    gb_buf_tpm2b(&out, gb_bytes(digest, 32));
    return keep(arena, &out);
}

/* TPMT_SIGNATURE; `ret_plain` is what EVP takes. */
static struct gb_bytes sign(struct gb_arena *arena, enum node_key kind, EVP_PKEY *key,
                            const uint8_t digest[32], struct gb_bytes *ret_plain)
{
    uint8_t sig[512];
    size_t len = sizeof sig;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    must(EVP_PKEY_sign_init(ctx) == 1, "sign_init");
    if (kind == NODE_RSA)
        must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1, "padding");
    must(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1, "md");
    must(EVP_PKEY_sign(ctx, sig, &len, digest, 32) == 1, "sign");
    EVP_PKEY_CTX_free(ctx);
    *ret_plain = gb_arena_copy(arena, gb_bytes(sig, len));

    struct gb_buf out;
    gb_buf_init(&out, 1024);
    gb_buf_u16be(&out, kind == NODE_RSA ? 0x0014 : 0x0018);
    gb_buf_u16be(&out, DIGEST_SHA256);
    if (kind == NODE_RSA) {
        gb_buf_tpm2b(&out, *ret_plain);
        return keep(arena, &out);
    }
    const uint8_t *der = sig;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)len);
    uint8_t number[32];
    gb_buf_tpm2b(&out, gb_bytes(number, (size_t)BN_bn2binpad(ECDSA_SIG_get0_r(parts), number, 32)));
    gb_buf_tpm2b(&out, gb_bytes(number, (size_t)BN_bn2binpad(ECDSA_SIG_get0_s(parts), number, 32)));
    ECDSA_SIG_free(parts);
    return keep(arena, &out);
}

struct ima_list {
    struct gb_arena *arena;
    struct file_signer *signer;
    struct digester *digester;
    struct floor *floor;
    struct gb_buf binary;
    struct gb_buf ascii;
    struct gb_buf policy;
    uint8_t pcr[32];
};

/* One ima-ng record: template digest, d-ng, n-ng; ima-sig has the signature behind them. */
static void entry(struct ima_list *l, const uint8_t file[32], const char *path)
{
    struct gb_buf data;
    uint8_t digest[32];
    char hex[65];
    gb_buf_init(&data, 4096);
    gb_buf_u32le(&data, 40);
    gb_buf_add(&data, "sha256:", 8);
    gb_buf_add(&data, file, 32);
    gb_buf_u32le(&data, (uint32_t)strlen(path) + 1);
    gb_buf_add(&data, path, strlen(path) + 1);
    if (l->signer) {
        struct gb_bytes signature = file_signer_sign(l->arena, l->signer, file);
        gb_buf_u32le(&data, (uint32_t)signature.len);
        gb_buf_add(&data, signature.data, signature.len);
    }
    struct gb_bytes fields = keep(l->arena, &data);
    const char *name = l->signer ? "ima-sig" : "ima-ng";

    must(digest_of(l->digester, DIGEST_SHA1, fields, digest) == 0, "digest");
    gb_buf_u32le(&l->binary, IMA_PCR);
    gb_buf_add(&l->binary, digest, 20);
    gb_buf_u32le(&l->binary, (uint32_t)strlen(name));
    gb_buf_puts(&l->binary, name);
    gb_buf_u32le(&l->binary, (uint32_t)fields.len);
    gb_buf_add(&l->binary, fields.data, fields.len);
    gb_hex_encode(gb_bytes(digest, 20), hex);
    gb_buf_printf(&l->ascii, "%d %s ima-ng sha256:", IMA_PCR, hex);
    gb_hex_encode(gb_bytes(file, 32), hex);
    gb_buf_printf(&l->ascii, "%s %s\n", hex, path);
    if (strcmp(path, "boot_aggregate") != 0)
        gb_buf_printf(&l->policy, "      %s  %s\n", hex, path);

    must(digest_of(l->digester, DIGEST_SHA256, fields, digest) == 0, "digest");
    must(digest_of_two(l->digester, DIGEST_SHA256, gb_bytes(l->pcr, 32), gb_bytes(digest, 32),
                       l->pcr) == 0,
         "extend");
    floor_add_digest(l->floor, DIGEST_SHA1, fields);
    floor_add_digest(l->floor, DIGEST_SHA256, fields);
    floor_add_extend(l->floor, DIGEST_SHA256);
}

static void ima(struct ima_list *l, size_t count, uint8_t pcrs[24][32])
{
    uint8_t digest[32];
    must(digest_of(l->digester, DIGEST_SHA256, gb_bytes(pcrs, 10 * 32), digest) == 0,
         "boot_aggregate");
    entry(l, digest, "boot_aggregate");
    for (uint32_t i = 1; i < count; i++) {
        char path[80];
        snprintf(path, sizeof path, "/usr/lib/x86_64-linux-gnu/libexample%u.so.%u.0.1", i, i % 7);
        must(digest_of(l->digester, DIGEST_SHA256, gb_bytes(&i, sizeof i), digest) == 0, "digest");
        entry(l, digest, path);
    }
}

static void make_ima(struct gb_arena *arena, struct digester *digester, size_t count,
                     struct file_signer *signer, uint8_t pcrs[24][32], struct node *node)
{
    struct ima_list l = {
        .arena = arena, .signer = signer, .digester = digester, .floor = node->floor};
    gb_buf_init(&l.binary, 64 << 20);
    gb_buf_init(&l.ascii, 64 << 20);
    gb_buf_init(&l.policy, 64 << 20);
    gb_buf_puts(
        &l.policy,
        "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n  name: "
        "packages\nspec:\n"
        "  class: packages\n  source: written\n  files:\n    algorithm: sha256\n    list: |\n");
    ima(&l, count, pcrs);
    memcpy(pcrs[IMA_PCR], l.pcr, 32);
    node->bundle.ima = keep(arena, &l.binary);
    node->ima_ascii = keep(arena, &l.ascii);
    node->policy = keep(arena, &l.policy);
    if (signer)
        node->policy = file_signer_policy(arena, signer);
}

/* What `tpm2 pcrread` prints. */
static struct gb_bytes pcr_text(struct gb_arena *arena, uint8_t pcrs[24][32])
{
    struct gb_buf out;
    char hex[65];
    gb_buf_init(&out, 64 << 10);
    gb_buf_puts(&out, "  sha256:\n");
    for (int i = 0; i < 24; i++) {
        if (!(QUOTED >> i & 1))
            continue;
        gb_hex_encode(gb_bytes(pcrs[i], 32), hex);
        gb_buf_printf(&out, "    %-2d: 0x%s\n", i, hex);
    }
    return keep(arena, &out);
}

/* What `tpm2 quote -o` writes: C structs of TPML_PCR_SELECTION (16 of 8 bytes) and TPML_DIGESTs (8
 * of 66 bytes). */
static struct gb_bytes pcr_tools(struct gb_arena *arena, uint8_t pcrs[24][32])
{
    static const uint8_t zeros[15 * 8];
    struct gb_buf out;
    gb_buf_init(&out, 64 << 10);
    gb_buf_u32le(&out, 1);
    gb_buf_u16le(&out, DIGEST_SHA256);
    gb_buf_add(&out, (uint8_t[]){3, QUOTED & 0xff, QUOTED >> 8, 0, 0, 0}, 6);
    gb_buf_add(&out, zeros, sizeof zeros);
    gb_buf_u32le(&out, 2);
    for (int slot = 0; slot < 16; slot++) {
        if (slot % 8 == 0)
            gb_buf_u32le(&out, slot == 0 ? 8 : 7);
        gb_buf_u16le(&out, slot < 15 ? 32 : 0);
        gb_buf_add(&out, slot < 15 ? pcrs[slot] : zeros, 32);
        gb_buf_add(&out, zeros, 32);
    }
    return keep(arena, &out);
}

static struct gb_bytes pem_of(struct gb_arena *arena, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PUBKEY(bio, key) == 1, "PEM");
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    struct gb_bytes out = gb_arena_copy(arena, gb_bytes(text, (size_t)len));
    BIO_free(bio);
    return out;
}

void make_node(struct gb_arena *arena, enum node_key kind, size_t ima_entries,
               struct file_signer *signer, struct gb_bytes nonce, struct node *ret_node)
{
    struct digester *digester = NULL;
    must(digester_new(&digester, NULL) == 0, "digester");
    EVP_PKEY *key = kind == NODE_RSA ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    must(key != NULL, "key");
    struct node node = {.floor = floor_new(), .nonce = nonce};
    uint8_t pcrs[24][32] = {{0}};

    node.bundle.boot_log = make_log(arena, digester, node.floor, pcrs);
    if (ima_entries > 0)
        make_ima(arena, digester, ima_entries, signer, pcrs, &node);
    node.bundle.ak_public = public_area(arena, kind, key);
    node.ak_pem = pem_of(arena, key);
    node.bundle.quote = quote(arena, digester, node.nonce, pcrs, node.floor, &node.pcrs_raw);
    node.bundle.pcrs_text = pcr_text(arena, pcrs);
    node.pcrs_tools = pcr_tools(arena, pcrs);

    uint8_t digest[32];
    struct gb_bytes plain;
    must(digest_of(digester, DIGEST_SHA256, node.bundle.quote, digest) == 0, "digest");
    node.bundle.signature = sign(arena, kind, key, digest, &plain);
    floor_add_digest(node.floor, DIGEST_SHA256, node.bundle.quote);
    node.digest = gb_arena_copy(arena, gb_bytes(digest, 32));
    node.plain = plain;
    floor_set_signature(node.floor, node.ak_pem, node.digest, plain);

    EVP_PKEY_free(key);
    digester_free(digester);
    *ret_node = node;
}
