#include "keyd/challenge.h"

#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/rand.h"
#include "crypto/x509.h"
#include "evidence/bundle.h"
#include "evidence/tpm_wire.h"
#include "keyd/beliefs.h"
#include "keyd/challenges.h"
#include "keyd/desk.h"
#include "keyd/told.h"
#include "policy/select.h"
#include "rpc/keyd.h"
#include "rpc/messages.h"
#include "verify/ak.h"
#include "verify/facts.h"
#include "verify/identity.h"
#include "verify/tpm_facts.h"

/* What was read of the request. */
struct asked_for {
    const struct keyd_challenge_ask *ask;
    struct tpm_public ek;
    struct evidence ak;     /* only its ak_public */
    struct key *ek_key;     /* owned */
    struct x509_cert *cert; /* owned: the EK's */
};

static void asked_for_done(struct asked_for *a)
{
    key_free(a->ek_key);
    x509_free(a->cert);
}

static int read_parts(struct asked_for *a, struct gb_err *err)
{
    const struct keyd_challenge_ask *ask = a->ask;
    if (ask->ek_cert_count == 0)
        return gb_err_set(err, GB_ERR_DENIED, "no EK certificate was given");
    int r = tpm_public_read(ask->ek_public, &a->ek, err);
    if (r < 0) {
        gb_err_prefix(err, "EK: ");
        return r;
    }
    r = tpm_public_key(&a->ek, &a->ek_key, err);
    if (r == 0)
        r = x509_from_der(ask->ek_certs[0], &a->cert, err);
    if (r == 0)
        r = tpm_public_read(ask->ak_public, &a->ak.ak_public, err);
    a->ak.has_ak_public = true;
    return r;
}

/* The node's intermediates, then the operator's own. */
static void fill_bundle(const struct desk *desk, const struct keyd_challenge_ask *ask,
                        struct bundle *bundle)
{
    const struct beliefs *beliefs = desk->beliefs;
    size_t room = BUNDLE_MAX_INTERMEDIATES - beliefs->intermediate_count;
    size_t n = ask->intermediate_count < room ? ask->intermediate_count : room;
    bundle->ekcerts[0] = (struct bundle_file){"EK certificate", ask->ek_certs[0]};
    bundle->ekcert_count = 1;
    for (size_t i = 0; i < n; i++)
        bundle->intermediates[i] = (struct bundle_file){"intermediate", ask->intermediates[i]};
    for (size_t i = 0; i < beliefs->intermediate_count; i++)
        bundle->intermediates[n + i] = beliefs->intermediates[i];
    bundle->intermediate_count = n + beliefs->intermediate_count;
}

/* As the policy has it that is for this node. */
static int judge_identity(struct desk *desk, const struct asked_for *a, struct bundle *bundle,
                          bool *ret_good, struct gb_findings *findings, struct gb_err *err)
{
    struct node_facts node;
    struct tpm_facts tpm = {0};
    int r = told_read(desk, a->ask->name, a->ask->labels, &node, err);
    if (r < 0)
        return r;
    return identity_judge(desk->arena, &desk->beliefs->trust.anchors, bundle, desk->now_s,
                          policy_allows_expired(&desk->beliefs->trust.policy, &node), ret_good,
                          &tpm, findings, err);
}

/* Whose TPM is it (T05). */
static int judge_certificate(struct desk *desk, const struct asked_for *a, struct gb_err *err)
{
    struct gb_findings findings = {.arena = desk->arena};
    struct bundle *bundle = gb_arena_new_one(desk->arena, struct bundle);
    gb_cleanup(key_freep) struct key *certified = NULL;
    bool good = false;
    if (!bundle)
        return gb_err_nomem(err);
    fill_bundle(desk, a->ask, bundle);
    int r = judge_identity(desk, a, bundle, &good, &findings, err);
    if (r == 0)
        r = x509_key(a->cert, &certified, err);
    if (r < 0)
        return r;
    if (!good || findings.failed)
        return desk_refuse(desk, &findings, "the EK is not certified by a TPM maker's root", err);
    if (!key_equal(certified, a->ek_key))
        return gb_err_set(err, GB_ERR_DENIED, "the EK certificate is of another key");
    return GB_OK;
}

/* EK Credential Profile 2.5, B.3 and B.4: all templates share these. A key that is no restricted
 * decryption key would open credentials for any Name. userWithAuth differs between templates. */
static int judge_ek(const struct tpm_public *ek, struct gb_err *err)
{
    enum {
        WANT = TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN |
               TPMA_ADMIN_WITH_POLICY | TPMA_RESTRICTED | TPMA_DECRYPT
    };
    if ((ek->attributes & WANT) != WANT || (ek->attributes & (TPMA_SIGN | TPMA_ST_CLEAR)))
        return gb_err_set(err, GB_ERR_DENIED, "the EK has attributes that no EK has (0x%08x)",
                          (unsigned)ek->attributes);
    if (!digest_strong(digest_from_id(ek->name_alg)))
        return gb_err_set(err, GB_ERR_DENIED, "the EK's Name is not a SHA-2 hash");
    return GB_OK;
}

/* Before a secret is made for it: may it be an AK at all (T06). */
static int judge_ak(struct desk *desk, const struct asked_for *a, struct gb_err *err)
{
    struct gb_findings findings = {.arena = desk->arena};
    gb_cleanup(ak_done) struct ak ak = {0};
    int r = tpm_public_key(&a->ak.ak_public, &ak.area, err);
    if (r < 0) {
        gb_err_prefix(err, "AK: ");
        return r;
    }
    if (!ak_judge(desk->arena, &a->ak, &ak, &findings))
        return desk_refuse(desk, &findings, "the key is no AK", err);
    return GB_OK;
}

/* One try: an ephemeral scalar may be above the curve's order, then another is drawn. */
static int wrap_once(const struct asked_for *a, struct gb_bytes name, struct gb_bytes secret,
                     struct gb_buf *object, struct gb_buf *encrypted, struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret random = {0};
    size_t len = a->ek.type == TPM_ALG_RSA ? digest_size(digest_from_id(a->ek.name_alg))
                                           : (key_bits(a->ek_key) + 7) / 8;
    if (!secret_init(&random, len))
        return gb_err_nomem(err);
    int r = rand_bytes(random.data, len, err);
    if (r < 0)
        return r;
    gb_buf_done(object);
    gb_buf_done(encrypted);
    gb_buf_init(object, GB_LIMIT_PUBLIC);
    gb_buf_init(encrypted, GB_LIMIT_PUBLIC);
    return identity_make_credential(&a->ek, name, secret, secret_bytes(&random), object, encrypted,
                                    err);
}

static int wrap(struct desk *desk, const struct asked_for *a, struct gb_bytes secret,
                struct gb_buf *object, struct gb_buf *encrypted, struct gb_err *err)
{
    uint8_t name[2 + GB_LIMIT_DIGEST];
    size_t len = 0;
    int r = tpm_public_name(desk->digester, &a->ak.ak_public, name, &len, err);
    if (r < 0)
        return r;
    enum { TRIES = 8 }; /* one in 2^32 fails on P-256 */
    r = GB_ERR_INPUT;
    for (int i = 0; r == GB_ERR_INPUT && i < TRIES; i++)
        r = wrap_once(a, gb_bytes(name, len), secret, object, encrypted, err);
    return r;
}

/* "maker, model, version"; what is absent is left out. */
static int describe(struct desk *desk, const struct asked_for *a, const char **ret_tpm,
                    struct gb_err *err)
{
    struct x509_tpm tpm;
    int r = x509_tpm(desk->arena, a->cert, &tpm, err);
    if (r < 0)
        return r;
    *ret_tpm = gb_arena_printf(desk->arena, "%s%s%s%s%s",
                               tpm.manufacturer ? tpm.manufacturer : "unknown maker",
                               tpm.model ? ", " : "", tpm.model ? tpm.model : "",
                               tpm.version ? ", " : "", tpm.version ? tpm.version : "");
    return *ret_tpm ? GB_OK : gb_err_nomem(err);
}

static struct gb_bytes text_of(const char *text)
{
    return gb_bytes(text ? text : "", text ? strlen(text) + 1 : 1);
}

static int remember(struct desk *desk, const struct asked_for *a, struct gb_bytes secret,
                    struct keyd_challenge *challenge, struct gb_err *err)
{
    struct challenge_facts facts = {.ak_public = a->ask->ak_public,
                                    .name = text_of(a->ask->name),
                                    .labels = text_of(a->ask->labels)};
    facts.certs[facts.cert_count++] = a->ask->ek_certs[0];
    for (size_t i = 0; i < a->ask->intermediate_count; i++) {
        if (facts.cert_count == CHALLENGE_CERTS)
            return gb_err_set(err, GB_ERR_LIMIT, "more than %d intermediates", CHALLENGE_CERTS - 1);
        facts.certs[facts.cert_count++] = a->ask->intermediates[i];
    }
    return challenges_add(desk->house->challenges, desk->now_ms, &facts, secret.data,
                          challenge->nonce, challenge->id, err);
}

static int make(struct desk *desk, const struct asked_for *a, struct gb_buf *object,
                struct gb_buf *encrypted, struct keyd_challenge *challenge, struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret secret = {0};
    if (!secret_init(&secret, CHALLENGE_SECRET))
        return gb_err_nomem(err);
    int r = rand_bytes(secret.data, secret.len, err);
    if (r == 0)
        r = rand_bytes(challenge->nonce, sizeof challenge->nonce, err);
    if (r == 0)
        r = wrap(desk, a, secret_bytes(&secret), object, encrypted, err);
    if (r < 0)
        return r;
    challenge->id_object = gb_arena_copy(desk->arena, gb_buf_bytes(object));
    challenge->encrypted_secret = gb_arena_copy(desk->arena, gb_buf_bytes(encrypted));
    if (!challenge->id_object.data || !challenge->encrypted_secret.data)
        return gb_err_nomem(err);
    return remember(desk, a, secret_bytes(&secret), challenge, err);
}

static int tell_ek(struct desk *desk, const struct asked_for *a, struct keyd_challenge *challenge,
                   struct gb_err *err)
{
    uint8_t(*ek)[32] = gb_arena_alloc(desk->arena, 1, sizeof *ek);
    if (!ek)
        return gb_err_nomem(err);
    int r = key_fingerprint(a->ek_key, *ek, err);
    challenge->eks = (const uint8_t(*)[32])ek;
    challenge->ek_count = 1;
    return r;
}

int challenge_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                    struct gb_err *err)
{
    gb_cleanup(asked_for_done) struct asked_for a = {.ask = &request->challenge};
    gb_cleanup(gb_buf_done) struct gb_buf object = {0};
    gb_cleanup(gb_buf_done) struct gb_buf encrypted = {0};
    int r = read_parts(&a, err);
    if (r == 0)
        r = judge_certificate(desk, &a, err);
    if (r == 0)
        r = judge_ek(&a.ek, err);
    if (r == 0)
        r = judge_ak(desk, &a, err);
    if (r == 0)
        r = describe(desk, &a, &reply->challenge.tpm, err);
    if (r == 0)
        r = tell_ek(desk, &a, &reply->challenge, err);
    return r < 0 ? r : make(desk, &a, &object, &encrypted, &reply->challenge, err);
}
