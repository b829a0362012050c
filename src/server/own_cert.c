#include "server/own_cert.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/issue.h"
#include "crypto/signer.h"
#include "os/file.h"
#include "rpc/keyd.h"
#include "server/config.h"

enum { KEYD_MS = 10000 };

static char *renewed_path(struct gb_arena *arena, const struct config *config)
{
    return gb_arena_printf(arena, "%s/server.pem", config->state);
}

static bool is_better(struct gb_arena *arena, struct gb_bytes renewed, struct gb_bytes given,
                      struct gb_bytes ca)
{
    struct issued a = {0};
    struct issued b = {0};
    if (issued_read(arena, renewed, ca, &a, NULL) < 0)
        return false; /* of another CA, or half a file */
    if (issued_read(arena, given, ca, &b, NULL) < 0)
        return false; /* the operator's own choice stands */
    return a.not_after_s > b.not_after_s &&
           memcmp(a.fingerprint, b.fingerprint, sizeof a.fingerprint) == 0;
}

int own_cert_read(struct gb_arena *arena, const struct config *config, struct gb_bytes *ret_pem,
                  struct gb_err *err)
{
    struct gb_bytes given = {0};
    struct gb_bytes renewed = {0};
    struct gb_bytes ca = {0};
    const char *path = renewed_path(arena, config);
    int r =
        path ? file_read(arena, config->tls_cert, GB_LIMIT_CERT, &given, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = file_read(arena, config->ca, GB_LIMIT_CERT, &ca, err);
    if (r < 0)
        return r;
    bool there = file_read(arena, path, GB_LIMIT_CERT, &renewed, NULL) == GB_OK;
    *ret_pem = there && is_better(arena, renewed, given, ca) ? renewed : given;
    return GB_OK;
}

static int request_for(struct gb_arena *arena, const struct config *config, struct gb_buf *ret_csr,
                       struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    struct gb_bytes key;
    int r = file_read(arena, config->tls_key, GB_LIMIT_CERT, &key, err);
    if (r == GB_OK)
        r = signer_from_pem(key, gb_bytes(NULL, 0), &signer, err);
    return r < 0 ? r : issue_request(signer, "garboardd", ret_csr, err);
}

static int ask_keyd(struct gb_arena *arena, const struct config *config, struct gb_err *err)
{
    gb_cleanup(keyd_client_freep) struct keyd_client *keyd = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf csr;
    struct keyd_certificate certificate = {0};
    const char *path = renewed_path(arena, config);
    gb_buf_init(&csr, GB_LIMIT_CERT);
    int r = path ? request_for(arena, config, &csr, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = keyd_client_new(config->keyd_socket, KEYD_MS, &keyd, err);
    if (r == GB_OK)
        r = keyd_server_cert(keyd, arena, gb_buf_bytes(&csr), &certificate, err);
    return r < 0 ? r : file_write(path, certificate.pem, err);
}

int own_cert_renew(struct gb_arena *arena, const struct config *config, int64_t now_s,
                   bool *ret_renewed, struct gb_err *err)
{
    struct issued issued = {0};
    struct gb_bytes pem = {0};
    struct gb_bytes ca = {0};
    *ret_renewed = false;
    int r = own_cert_read(arena, config, &pem, err);
    if (r == GB_OK)
        r = file_read(arena, config->ca, GB_LIMIT_CERT, &ca, err);
    if (r == GB_OK)
        r = issued_read(arena, pem, ca, &issued, err);
    if (r < 0)
        return r;
    if (issued.not_after_s - now_s > (issued.not_after_s - issued.not_before_s) / 3)
        return GB_OK;
    r = ask_keyd(arena, config, err);
    *ret_renewed = r == GB_OK;
    return r;
}
