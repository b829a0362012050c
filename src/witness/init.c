#include "witness/init.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "ledger/note.h"

enum { PEM_MAX = 8 << 10, MINUTE_S = 60, DAY_S = 24 * 3600 };

/* Nobody can renew it, for its CA's key is gone: a certificate that ends is made anew by hand. */
static const int64_t life_s = INT64_C(3650) * DAY_S;

/* Copies into the arena and wipes the buffer. */
static int keep(struct gb_arena *arena, struct gb_buf *buf, struct gb_bytes *ret_bytes,
                struct gb_err *err)
{
    *ret_bytes = gb_arena_copy(arena, gb_buf_bytes(buf));
    bool good = gb_buf_ok(buf) && ret_bytes->data;
    secret_wipe(buf->data, buf->len);
    gb_buf_done(buf);
    return good ? GB_OK : gb_err_nomem(err);
}

static int name_key(const struct ed25519 *key, const char *name, char vkey[NOTE_VKEY],
                    struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    uint8_t public[ED25519_PUBLIC];
    struct note_key note_key;
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = ed25519_public(key, public, err);
    if (r == GB_OK)
        r = note_key_make(digester, name, NOTE_COSIGNATURE, public, &note_key, err);
    if (r == GB_OK)
        note_key_write(&note_key, vkey);
    return r;
}

static int make_key(struct gb_arena *arena, const struct init_plan *plan, struct init_made *made,
                    struct gb_err *err)
{
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    struct gb_buf pem;
    gb_buf_init(&pem, PEM_MAX);
    int r = ed25519_new(&key, err);
    if (r == GB_OK)
        r = name_key(key, plan->name, made->vkey, err);
    if (r == GB_OK)
        r = ed25519_to_pem(key, gb_bytes(NULL, 0), &pem, err);
    if (r == GB_OK)
        return keep(arena, &pem, &made->key, err);
    gb_buf_done(&pem);
    return r;
}

static int make_ca(struct gb_arena *arena, struct signer **ret_ca, int64_t now_s,
                   struct init_made *made, struct gb_err *err)
{
    struct gb_buf pem;
    const struct issue what = {.role = ISSUE_CA,
                               .common_name = "Garboard witness CA",
                               .not_before_s = now_s - 5 * MINUTE_S,
                               .not_after_s = now_s + life_s};
    gb_buf_init(&pem, PEM_MAX);
    int r = signer_new(ret_ca, err);
    if (r == GB_OK)
        r = issue_ca(*ret_ca, &what, &pem, err);
    if (r == GB_OK)
        return keep(arena, &pem, &made->ca_pem, err);
    gb_buf_done(&pem);
    return r;
}

static int public_key(const struct signer *signer, struct key **ret_key, struct gb_err *err)
{
    uint8_t x[32], y[32], fingerprint[32];
    int r = signer_public(signer, x, y, fingerprint, err);
    return r < 0 ? r : key_from_ec(KEY_P256, gb_bytes(x, 32), gb_bytes(y, 32), ret_key, err);
}

static int make_leaf(struct gb_arena *arena, const struct signer *ca, const struct signer *leaf,
                     const struct init_plan *plan, int64_t now_s, struct init_made *made,
                     struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    const struct issue what = {.role = ISSUE_SERVER,
                               .common_name = "garboard-witness",
                               .names = plan->names,
                               .not_before_s = now_s - 5 * MINUTE_S,
                               .not_after_s = now_s + life_s};
    struct gb_buf pem;
    gb_buf_init(&pem, PEM_MAX);
    int r = public_key(leaf, &key, err);
    if (r == GB_OK)
        r = issue_cert(ca, made->ca_pem, key, &what, &pem, err);
    gb_buf_add(&pem, made->ca_pem.data, made->ca_pem.len);
    if (r == GB_OK)
        return keep(arena, &pem, &made->tls_pem, err);
    gb_buf_done(&pem);
    return r;
}

static int make_tls(struct gb_arena *arena, const struct init_plan *plan, struct init_made *made,
                    struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *ca = NULL;
    gb_cleanup(signer_freep) struct signer *leaf = NULL;
    const int64_t now_s = gb_clock_s();
    struct gb_buf pem;
    gb_buf_init(&pem, PEM_MAX);
    int r = make_ca(arena, &ca, now_s, made, err);
    if (r == GB_OK)
        r = signer_new(&leaf, err);
    if (r == GB_OK)
        r = make_leaf(arena, ca, leaf, plan, now_s, made, err);
    if (r == GB_OK)
        r = signer_to_pem(leaf, gb_bytes(NULL, 0), &pem, err);
    if (r == GB_OK)
        return keep(arena, &pem, &made->tls_key, err);
    gb_buf_done(&pem);
    return r;
}

int init_make(struct gb_arena *arena, const struct init_plan *plan, struct init_made *ret_made,
              struct gb_err *err)
{
    struct init_made made = {0};
    int r = make_key(arena, plan, &made, err);
    if (r == GB_OK)
        r = make_tls(arena, plan, &made, err);
    if (r < 0)
        init_wipe(&made);
    else
        *ret_made = made;
    return r;
}

/* The bytes are ours, in the arena: only their type says const. */
static void wipe(struct gb_bytes *pem)
{
    secret_wipe((void *)(uintptr_t)pem->data, pem->len);
}

void init_wipe(struct init_made *made)
{
    wipe(&made->key);
    wipe(&made->tls_key);
}
