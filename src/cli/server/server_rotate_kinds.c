/* The two keys that are rotated: of tokens (ES256) and of the ledger (Ed25519). */
#include "base/limits.h"
#include "cli/server/server_rotate.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/signer.h"
#include "ledger/last_signed.h"
#include "ledger/note.h"
#include "os/file.h"
#include "wire/json.h"
#include "wire/jws.h"

/* ---- token ---- */

enum { JWK_MAX = 1024 };
static const char before_file[] = "token-old.jwk";

static int make_token(const struct rotation *rotation, struct gb_buf *pem, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *key = NULL;
    int r = signer_new(&key, err);
    return r < 0 ? r : signer_to_pem(key, secret_bytes(&rotation->passphrase), pem, err);
}

static int read_token(const struct rotation *rotation, struct gb_bytes pem, struct jwk *ret_jwk,
                      struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *key = NULL;
    int r = signer_from_pem(pem, secret_bytes(&rotation->passphrase), &key, err);
    return r < 0 ? r : jwk_of(rotation->arena, key, ret_jwk, err);
}

static int identify_token(const struct rotation *rotation, struct gb_bytes pem, const char **ret_id,
                          struct gb_err *err)
{
    struct jwk jwk;
    int r = read_token(rotation, pem, &jwk, err);
    if (r == GB_OK)
        *ret_id = jwk.key_id;
    return r;
}

static int find_before(const struct rotation *rotation, const char **ret_id, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *jwk = NULL;
    struct gb_bytes in = {0};
    struct gb_bytes id;
    const char *path = rotation_path(rotation, before_file);
    int r = path ? file_read(rotation->arena, path, JWK_MAX, &in, err) : gb_err_nomem(err);
    if (r == GB_ERR_NOTFOUND)
        return GB_OK;
    if (r < 0)
        return r;
    if (json_read(in, &jwk, NULL) < 0 || !json_get_text(jwk, "kid", &id))
        return gb_err_set(err, GB_ERR_CONFIG, "%s is damaged: it may be removed", before_file);
    *ret_id = (const char *)gb_arena_copy(rotation->arena, id).data;
    return *ret_id ? GB_OK : gb_err_nomem(err);
}

/* Tokens that it signed are good for five minutes more; its private half is needed no longer. */
static int leave_token(const struct rotation *rotation, struct gb_bytes present_pem,
                       struct gb_err *err)
{
    struct jwk jwk;
    int r = read_token(rotation, present_pem, &jwk, err);
    if (r < 0)
        return r;
    const char *path = rotation_path(rotation, before_file);
    const char *line = gb_arena_printf(rotation->arena, "%s\n", jwk.key);
    return path && line ? file_replace(path, gb_bytes_str(line), &rotation->as, err)
                        : gb_err_nomem(err);
}

const struct rotation_kind rotation_token = {
    .name = "token",
    .present = "token.key",
    .next = "token-next.key",
    .make = make_token,
    .identify = identify_token,
    .find_before = find_before,
    .leave = leave_token,
    .at_rest = "To change the key: garboard server rotate token --keyd-state %s\n",
    .at_published = "1. systemctl reload garboard-keyd: GET /v1/jwks then has both keys.\n"
                    "2. Ten minutes later, or when whoever checks tokens has read /v1/jwks anew:\n"
                    "   garboard server rotate token --keyd-state %s\n",
    .at_turned = "systemctl reload garboard-keyd: the new key signs. The one before stays in\n"
                 "/v1/jwks until its last token has ended; ten minutes after the reload\n"
                 "garboard-keyd removes %s/token-old.jwk. Nothing more is to be done.\n",
};

/* ---- ledger ---- */

static int make_ledger(const struct rotation *rotation, struct gb_buf *pem, struct gb_err *err)
{
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    int r = ed25519_new(&key, err);
    return r < 0 ? r : ed25519_to_pem(key, secret_bytes(&rotation->passphrase), pem, err);
}

/* The log's name is where keyd keeps what it signed last. */
static int read_origin(const struct rotation *rotation, struct digester *digester,
                       struct last_signed *ret_last, struct gb_err *err)
{
    struct gb_bytes in = {0};
    const char *path = rotation_path(rotation, "ledger.state");
    int r = path ? file_read(rotation->arena, path, LAST_SIGNED_MAX, &in, err) : gb_err_nomem(err);
    if (r == GB_OK) {
        r = last_signed_read(digester, in, ret_last, err);
        if (r < 0)
            gb_err_prefix(err, "ledger.state ");
    }
    return r;
}

static int identify_ledger(const struct rotation *rotation, struct gb_bytes pem,
                           const char **ret_id, struct gb_err *err)
{
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    uint8_t public[ED25519_PUBLIC];
    struct last_signed last;
    struct note_key as;
    char vkey[NOTE_VKEY];
    int r = ed25519_from_pem(pem, secret_bytes(&rotation->passphrase), &key, err);
    if (r == GB_OK)
        r = ed25519_public(key, public, err);
    if (r == GB_OK)
        r = digester_new(&digester, err);
    if (r == GB_OK)
        r = read_origin(rotation, digester, &last, err);
    if (r == GB_OK)
        r = note_key_make(digester, last.origin, NOTE_ED25519, public, &as, err);
    if (r < 0)
        return r;
    note_key_write(&as, vkey);
    *ret_id = (const char *)gb_arena_copy(rotation->arena, gb_bytes_str(vkey)).data;
    return *ret_id ? GB_OK : gb_err_nomem(err);
}

const struct rotation_kind rotation_ledger = {
    .name = "ledger",
    .present = "ledger.key",
    .next = "ledger-next.key",
    .make = make_ledger,
    .identify = identify_ledger,
    .at_rest = "To change the key: garboard server rotate ledger --keyd-state %s\n",
    .at_published =
        "1. systemctl reload garboard-keyd: each checkpoint then has both signatures.\n"
        "2. Add the next key's line to ledger.vkey, here and with all auditors and witnesses.\n"
        "3. When all of them have it, in ten minutes or in weeks:\n"
        "   garboard server rotate ledger --keyd-state %s\n",
    .at_turned =
        "systemctl reload garboard-keyd: the key above signs alone. Then take the line of\n"
        "the key before out of ledger.vkey, here and with witnesses. Auditors keep it in a file\n"
        "of its own: checkpoints and proofs that it signed verify by it alone.\n",
};
