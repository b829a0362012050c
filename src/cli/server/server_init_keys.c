#include <string.h>

#include "base/encode.h"
#include "base/secret.h"
#include "cli/documents/officer_key.h"
#include "cli/server/server_init.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/signer.h"

enum { MINUTE_S = 60, DAY_S = 24 * 3600 };

static const int64_t ca_life_s = INT64_C(3650) * DAY_S;
static const int64_t server_life_s = INT64_C(90) * DAY_S; /* garboardd renews it through keyd */
static const int64_t operator_life_s = INT64_C(365) * DAY_S;

/* Copies into the arena and wipes the buffer. */
static int keep(struct gb_arena *arena, struct gb_buf *buf, struct gb_bytes *ret_bytes,
                struct gb_err *err)
{
    *ret_bytes = gb_arena_copy(arena, gb_buf_bytes(buf));
    bool good = gb_buf_ok(buf) && ret_bytes->data;
    secret_wipe(buf->data, buf->len);
    return good ? GB_OK : gb_err_nomem(err);
}

static int key_pem(struct gb_arena *arena, const struct signer *signer, struct gb_bytes passphrase,
                   struct gb_bytes *ret_pem, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf buf;
    gb_buf_init(&buf, INIT_PEM);
    int r = signer_to_pem(signer, passphrase, &buf, err);
    return r < 0 ? r : keep(arena, &buf, ret_pem, err);
}

/* The half that is certified. */
static int public_key(const struct signer *signer, struct key **ret_key, struct gb_err *err)
{
    uint8_t x[32];
    uint8_t y[32];
    uint8_t fingerprint[32];
    int r = signer_public(signer, x, y, fingerprint, err);
    return r < 0 ? r : key_from_ec(KEY_P256, gb_bytes(x, 32), gb_bytes(y, 32), ret_key, err);
}

static int make_ca(struct gb_arena *arena, const struct init_plan *plan, struct signer **ret_ca,
                   struct init_keys *keys, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, INIT_PEM);
    const char *name = gb_arena_printf(arena, "Garboard CA %.40s", plan->trust_domain);
    const struct issue what = {.role = ISSUE_CA,
                               .common_name = name,
                               .not_before_s = plan->now_s - 5 * MINUTE_S,
                               .not_after_s = plan->now_s + ca_life_s};
    int r = name ? signer_new(ret_ca, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = issue_ca(*ret_ca, &what, &pem, err);
    if (r == GB_OK)
        r = keep(arena, &pem, &keys->ca_pem, err);
    return r < 0 ? r : key_pem(arena, *ret_ca, plan->passphrase, &keys->ca_key, err);
}

/* A key of its own, not sealed, and a certificate for it. */
static int make_party(struct gb_arena *arena, const struct signer *ca, const struct init_keys *keys,
                      const struct issue *what, struct gb_bytes *ret_key, struct gb_bytes *ret_pem,
                      struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    gb_cleanup(key_freep) struct key *key = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, INIT_PEM);
    int r = what->spiffe_id ? signer_new(&signer, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = public_key(signer, &key, err);
    if (r == GB_OK)
        r = issue_cert(ca, keys->ca_pem, key, what, &pem, err);
    if (r == GB_OK && what->role == ISSUE_SERVER)
        gb_buf_add(&pem, keys->ca_pem.data, keys->ca_pem.len);
    if (r == GB_OK)
        r = keep(arena, &pem, ret_pem, err);
    return r < 0 ? r : key_pem(arena, signer, gb_bytes(NULL, 0), ret_key, err);
}

static int make_server(struct gb_arena *arena, const struct init_plan *plan,
                       const struct signer *ca, struct init_keys *keys, struct gb_err *err)
{
    const struct issue what = {.role = ISSUE_SERVER,
                               .common_name = "garboardd",
                               .spiffe_id =
                                   gb_arena_printf(arena, "spiffe://%s/server", plan->trust_domain),
                               .names = plan->names,
                               .not_before_s = plan->now_s - 5 * MINUTE_S,
                               .not_after_s = plan->now_s + server_life_s};
    return make_party(arena, ca, keys, &what, &keys->server_key, &keys->server_pem, err);
}

static int make_operator(struct gb_arena *arena, const struct init_plan *plan,
                         const struct signer *ca, struct init_keys *keys, struct gb_err *err)
{
    const struct issue what = {
        .role = ISSUE_CLIENT,
        .common_name = "admin",
        .spiffe_id = gb_arena_printf(arena, "spiffe://%s/operator/admin", plan->trust_domain),
        .not_before_s = plan->now_s - 5 * MINUTE_S,
        .not_after_s = plan->now_s + operator_life_s};
    return make_party(arena, ca, keys, &what, &keys->operator_key, &keys->operator_pem, err);
}

static int make_token_key(struct gb_arena *arena, const struct init_plan *plan,
                          struct init_keys *keys, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *token = NULL;
    int r = signer_new(&token, err);
    return r < 0 ? r : key_pem(arena, token, plan->passphrase, &keys->token_key, err);
}

static int make_officer(struct gb_arena *arena, const struct init_plan *plan,
                        struct init_keys *keys, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *officer = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, INIT_PEM);
    int r = signer_new(&officer, err);
    if (r == GB_OK)
        r = signer_public_pem(officer, &pem, err);
    if (r == GB_OK)
        r = keep(arena, &pem, &keys->officer_pem, err);
    if (r == GB_OK)
        r = officer_id(officer, keys->officer_id, err);
    return r < 0 ? r : key_pem(arena, officer, plan->officer_passphrase, &keys->officer_key, err);
}

static int name_ca(struct init_keys *keys, struct gb_err *err)
{
    uint8_t hash[32];
    int r = issued_fingerprint(keys->ca_pem, hash, err);
    memcpy(keys->ca_fingerprint, "sha256:", 7);
    gb_hex_encode(gb_bytes(hash, sizeof hash), keys->ca_fingerprint + 7);
    return r;
}

int init_keys_make(struct gb_arena *arena, const struct init_plan *plan, struct init_keys *ret_keys,
                   struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *ca = NULL;
    struct init_keys keys = {0};
    int r = make_ca(arena, plan, &ca, &keys, err);
    if (r == GB_OK)
        r = make_token_key(arena, plan, &keys, err);
    if (r == GB_OK)
        r = init_ledger_make(arena, plan, &keys, err);
    if (r == GB_OK)
        r = make_server(arena, plan, ca, &keys, err);
    if (r == GB_OK)
        r = make_operator(arena, plan, ca, &keys, err);
    if (r == GB_OK)
        r = make_officer(arena, plan, &keys, err);
    if (r == GB_OK)
        r = name_ca(&keys, err);
    if (r < 0)
        init_keys_wipe(&keys);
    else
        *ret_keys = keys;
    return r;
}

/* The bytes are ours, in the arena: only their type says const. */
static void wipe(struct gb_bytes *pem)
{
    secret_wipe((void *)(uintptr_t)pem->data, pem->len);
}

void init_keys_wipe(struct init_keys *keys)
{
    wipe(&keys->ca_key);
    wipe(&keys->token_key);
    wipe(&keys->ledger_key);
    wipe(&keys->server_key);
    wipe(&keys->operator_key);
    wipe(&keys->officer_key);
}
