/*
 * What a workload of a node does: GET over TLS 1.3, the client's key being in the node's TPM and
 * the certificate in svid_file. Prints the status. usage: tpm_get TCTI CERT.pem CA.pem PORT PATH
 * [TOKEN]
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "net/tls_external.h"
#include "tpm/device.h"
#include "tpm/keys.h"
#include "tpm/sign.h"

static struct tpm *tpm;
static struct tpm_key transport;
static struct gb_err err;

static int sign(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32])
{
    return tpm_sign(tpm, ctx, digest, ret_r, ret_s, &err);
}

static int complain(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, err.text);
    ERR_print_errors_fp(stderr);
    return 1;
}

static SSL_CTX *make_ctx(const char *cert, const char *ca)
{
    struct tls_external_key key = {.sign = sign, .ctx = &transport};
    static struct tls_external_key kept; /* for the key's life */
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    memcpy(key.x, transport.area.ecc_x.data, sizeof key.x);
    memcpy(key.y, transport.area.ecc_y.data, sizeof key.y);
    kept = key;
    EVP_PKEY *pkey = tls_external_pkey(&kept);
    bool good = ctx && pkey && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                SSL_CTX_load_verify_file(ctx, ca) == 1 &&
                SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) == 1 &&
                SSL_CTX_use_PrivateKey(ctx, pkey) == 1;
    EVP_PKEY_free(pkey);
    if (ctx)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return good ? ctx : NULL;
}

static int get(SSL_CTX *ctx, const char *port, const char *path, const char *token)
{
    char status[16] = "";
    BIO *bio = BIO_new_ssl_connect(ctx);
    char host[32];
    snprintf(host, sizeof host, "127.0.0.1:%s", port);
    /* BIO_set_conn_hostname is a macro that casts const away. */
    if (!bio || BIO_ctrl(bio, BIO_C_SET_CONNECT, 0, host) != 1 || BIO_do_connect(bio) != 1)
        return complain("connect");
    BIO_printf(bio, "GET %s HTTP/1.1\r\nHost: w\r\n%s%s%sConnection: close\r\n\r\n", path,
               token ? "Authorization: Bearer " : "", token ? token : "", token ? "\r\n" : "");
    int got = BIO_read(bio, status, (int)sizeof status - 1);
    BIO_free_all(bio);
    if (got < 12 || strncmp(status, "HTTP/1.", 7) != 0)
        return complain("no answer");
    printf("%.3s\n", status + 9);
    return 0;
}

int main(int argc, char **argv)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (argc < 6 || !arena)
        return 2;
    if (tpm_open(&(struct tpm_conf){.tcti = argv[1]}, &tpm, &err) < 0 ||
        tpm_transport(tpm, arena, TPM_TRANSPORT_HANDLE, gb_bytes("", 0), &transport, &err) < 0)
        return complain("TPM");
    SSL_CTX *ctx = make_ctx(argv[2], argv[3]);
    int code = ctx ? get(ctx, argv[4], argv[5], argc > 6 ? argv[6] : NULL) : complain("TLS");
    SSL_CTX_free(ctx);
    tpm_close(tpm);
    return code;
}
