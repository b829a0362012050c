#include "verify/signature.h"

#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "evidence/tpm_wire.h"
#include "verify/ak.h"

/* What a quote says of itself, T07. */
static bool judge_kind(struct gb_arena *arena, const struct tpm_attest *attest,
                       struct gb_findings *findings)
{
    bool good = true;
    if (attest->magic != TPM_GENERATED_VALUE) {
        gb_finding_add(findings, GB_FINDING_QUOTE_MAGIC, GB_NO_EVENT,
                       gb_arena_printf(arena, "0x%08x", attest->magic), NULL, NULL);
        good = false;
    }
    if (attest->type != TPM_ST_ATTEST_QUOTE) {
        gb_finding_add(findings, GB_FINDING_QUOTE_TYPE, GB_NO_EVENT,
                       gb_arena_printf(arena, "0x%04x", attest->type), NULL, NULL);
        good = false;
    }
    return good;
}

static const char *scheme_name(struct gb_arena *arena, uint16_t scheme)
{
    switch (scheme) {
    case KEY_RSASSA:
        return "RSASSA";
    case KEY_RSAPSS:
        return "RSAPSS";
    case KEY_ECDSA:
        return "ECDSA";
    default:
        return gb_arena_printf(arena, "scheme 0x%04x", scheme);
    }
}

/* "RSASSA with sha256" */
static const char *signed_with(struct gb_arena *arena, const struct tpm_signature *signature)
{
    const char *scheme = scheme_name(arena, signature->scheme_id);
    enum digest_alg hash = digest_from_id(signature->hash_id);
    if (!scheme)
        return NULL;
    if (hash == DIGEST_NONE)
        return gb_arena_printf(arena, "%s with hash 0x%04x", scheme, signature->hash_id);
    return gb_arena_printf(arena, "%s with %s", scheme, digest_name(hash));
}

/* Whether the scheme may be believed: of the key's kind, with a SHA-2 hash, and the one that the
 * key is bound to. */
static bool scheme_accepted(const struct evidence *evidence, const struct key *key)
{
    const struct tpm_signature *s = &evidence->signature;
    const struct tpm_public *area = &evidence->ak_public;
    bool rsa = s->scheme_id == KEY_RSASSA || s->scheme_id == KEY_RSAPSS;
    if (rsa ? key_kind(key) != KEY_RSA : s->scheme_id != KEY_ECDSA || key_kind(key) != KEY_EC)
        return false;
    if (!digest_strong(digest_from_id(s->hash_id)))
        return false;
    if (!evidence->has_ak_public || area->scheme == TPM_ALG_NULL)
        return true;
    return area->scheme == s->scheme_id && area->scheme_hash == s->hash_id;
}

/* Over the bytes that were sent, not over what we would write of them. */
static int check(struct digester *digester, const struct evidence *evidence, const struct key *key,
                 bool *ret_valid, struct gb_err *err)
{
    const struct tpm_signature *s = &evidence->signature;
    enum digest_alg alg = digest_from_id(s->hash_id);
    uint8_t digest[GB_LIMIT_DIGEST];
    if (digest_of(digester, alg, evidence->raw->quote, digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(alg));
    bool ecc = s->scheme_id == KEY_ECDSA;
    return key_verify(key, (enum key_scheme)s->scheme_id, alg, digest, ecc ? s->ecc_r : s->rsa,
                      s->ecc_s, ret_valid, err);
}

int signature_check(struct gb_arena *arena, struct digester *digester,
                    const struct evidence *evidence, const struct key *key,
                    struct signature_answer *ret_answer, struct gb_err *err)
{
    struct signature_answer answer = {.with = signed_with(arena, &evidence->signature)};
    if (!answer.with)
        return gb_err_nomem(err);
    answer.accepted = scheme_accepted(evidence, key);
    int r = answer.accepted ? check(digester, evidence, key, &answer.valid, err) : GB_OK;
    if (r == GB_OK)
        *ret_answer = answer;
    return r;
}

static int judge_signature(struct gb_arena *arena, struct digester *digester,
                           const struct evidence *evidence, const struct key *key, bool *ret_valid,
                           struct gb_findings *findings, struct gb_err *err)
{
    struct signature_answer answer = {0};
    int r = signature_check(arena, digester, evidence, key, &answer, err);
    if (r < 0)
        return r;
    if (answer.accepted)
        gb_finding_add(
            findings, answer.valid ? GB_FINDING_QUOTE_SIGNED : GB_FINDING_QUOTE_SIGNATURE,
            GB_NO_EVENT, gb_arena_printf(arena, "%s, %s", key_name(key), answer.with), NULL, NULL);
    else
        gb_finding_add(findings, GB_FINDING_QUOTE_SCHEME, GB_NO_EVENT, answer.with, NULL, NULL);
    *ret_valid = answer.valid;
    return GB_OK;
}

int signature_judge(struct gb_arena *arena, struct digester *digester,
                    const struct evidence *evidence, const struct key *known, bool *ret_proven,
                    struct gb_findings *findings, struct gb_err *err)
{
    gb_cleanup(ak_done) struct ak ak = {0};
    int r = ak_read(evidence, known, &ak, err);
    if (r < 0)
        return r;
    bool kind = judge_kind(arena, &evidence->attest, findings);
    bool sound = ak_judge(arena, evidence, &ak, findings);
    bool valid = false;
    r = judge_signature(arena, digester, evidence, ak_key(&ak), &valid, findings, err);
    if (r == GB_OK)
        *ret_proven = kind && sound && valid;
    return r;
}
