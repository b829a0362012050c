#include "verify/certified.h"

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "evidence/tpm_wire.h"
#include "verify/ak.h"
#include "verify/signature.h"

/* The structures, parsed. In the arena: evidence is large. */
struct certificate {
    struct bundle raw;
    struct evidence by; /* attestation, signature and the AK's area, where verify/signature looks */
    struct tpm_public key_public;
};

static int named(int r, const char *name, struct gb_err *err)
{
    if (r < 0)
        gb_err_prefix(err, "%s: ", name);
    return r;
}

static int check_sizes(struct gb_bytes ak_public, const struct certified *in, struct gb_err *err)
{
    if (ak_public.len > GB_LIMIT_PUBLIC || in->attest.len > GB_LIMIT_PUBLIC ||
        in->signature.len > GB_LIMIT_PUBLIC || in->key_public.len > GB_LIMIT_PUBLIC)
        return gb_err_set(err, GB_ERR_LIMIT, "a TPM structure has more than %d bytes",
                          GB_LIMIT_PUBLIC);
    return GB_OK;
}

/* Of another attestation only the head is read, so that a finding can say what it is (T07). */
static int read_attest(struct gb_bytes in, struct tpm_attest *ret_attest, struct gb_err *err)
{
    int r = tpm_attest_read_header(in, ret_attest, err);
    if (r == GB_OK && ret_attest->type == TPM_ST_ATTEST_CERTIFY)
        r = tpm_attest_read(in, ret_attest, err);
    return r;
}

static int read_all(struct gb_bytes ak_public, const struct certified *in, struct certificate *c,
                    struct gb_err *err)
{
    int r = check_sizes(ak_public, in, err);
    if (r < 0)
        return r;
    c->raw =
        (struct bundle){.quote = in->attest, .signature = in->signature, .ak_public = ak_public};
    c->by.raw = &c->raw;
    r = named(read_attest(in->attest, &c->by.attest, err), "certify attestation", err);
    if (r == GB_OK)
        r = named(tpm_signature_read(in->signature, &c->by.signature, err), "certify signature",
                  err);
    if (r == GB_OK)
        r = named(tpm_public_read(ak_public, &c->by.ak_public, err), "AK", err);
    c->by.has_ak_public = true;
    if (r == GB_OK)
        r = named(tpm_public_read(in->key_public, &c->key_public, err), "certified key", err);
    return r;
}

/* Adds a finding unless `good`. */
static bool judge(bool good, enum gb_finding_code code, const char *arg,
                  struct gb_findings *findings)
{
    if (!good)
        gb_finding_add(findings, code, GB_NO_EVENT, arg, NULL, NULL);
    return good;
}

static bool judge_kind(struct gb_arena *arena, const struct tpm_attest *attest,
                       struct gb_findings *findings)
{
    bool good = judge(attest->magic == TPM_GENERATED_VALUE, GB_FINDING_CERTIFY_MAGIC,
                      gb_arena_printf(arena, "0x%08x", attest->magic), findings);
    return judge(attest->type == TPM_ST_ATTEST_CERTIFY, GB_FINDING_CERTIFY_TYPE,
                 gb_arena_printf(arena, "0x%04x", attest->type), findings) &&
           good;
}

/* By the AK, which is judged as one. */
static int judge_signature(struct gb_arena *arena, struct digester *digester,
                           const struct certificate *c, bool *ret_good,
                           struct gb_findings *findings, struct gb_err *err)
{
    gb_cleanup(ak_done) struct ak ak = {0};
    struct signature_answer answer = {0};
    int r = ak_read(&c->by, NULL, &ak, err);
    if (r == GB_OK)
        r = signature_check(arena, digester, &c->by, ak_key(&ak), &answer, err);
    if (r < 0)
        return r;
    bool sound = ak_judge(arena, &c->by, &ak, findings);
    *ret_good = judge(answer.valid, GB_FINDING_CERTIFY_SIGNATURE, answer.with, findings) && sound;
    return GB_OK;
}

/* The Name is a hash over the public area: no other area is certified. */
static int judge_name(struct digester *digester, const struct certificate *c, bool *ret_good,
                      struct gb_findings *findings, struct gb_err *err)
{
    uint8_t name[2 + GB_LIMIT_DIGEST] = {0};
    size_t len = 0;
    bool strong = digest_strong(digest_from_id(c->key_public.name_alg));
    int r = strong ? tpm_public_name(digester, &c->key_public, name, &len, err) : GB_OK;
    if (r < 0)
        return r;
    bool same = c->by.attest.type == TPM_ST_ATTEST_CERTIFY && strong &&
                gb_bytes_equal(c->by.attest.certify.name, gb_bytes(name, len));
    *ret_good = judge(same, GB_FINDING_CERTIFY_NAME, NULL, findings);
    return GB_OK;
}

static bool judge_qualifying(const struct tpm_attest *attest, struct gb_bytes qualifying,
                             struct gb_findings *findings)
{
    return judge(qualifying.len > 0 && gb_bytes_equal(attest->extra_data, qualifying),
                 GB_FINDING_CERTIFY_NONCE, NULL, findings);
}

/* An AK certifies an imported key without a word, and a restricted one can sign no handshake. */
static const struct {
    uint32_t bit;
    bool want;
    const char *fault;
} attributes[] = {
    {TPMA_FIXED_TPM, true, "fixedTPM is clear"},
    {TPMA_FIXED_PARENT, true, "fixedParent is clear"},
    {TPMA_SENSITIVE_DATA_ORIGIN, true, "sensitiveDataOrigin is clear"},
    {TPMA_SIGN, true, "sign is clear"},
    {TPMA_DECRYPT, false, "decrypt is set"},
    {TPMA_RESTRICTED, false, "restricted is set"},
};

static bool judge_attributes(const struct tpm_public *area, struct gb_findings *findings)
{
    bool good = true;
    for (size_t i = 0; i < GB_ARRAY_LEN(attributes); i++)
        good &= judge(((area->attributes & attributes[i].bit) != 0) == attributes[i].want,
                      GB_FINDING_CERTIFY_KEY, attributes[i].fault, findings);
    return good;
}

static int judge_key(const struct tpm_public *area, struct key **ret_key, bool *ret_good,
                     struct gb_findings *findings, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = named(tpm_public_key(area, &key, err), "certified key", err);
    if (r < 0)
        return r;
    const char *weakness = key_weakness(key);
    bool good = judge_attributes(area, findings);
    *ret_good = judge(!weakness, GB_FINDING_CERTIFY_WEAK, weakness, findings) && good;
    *ret_key = gb_take(key);
    return GB_OK;
}

int certified_judge(struct gb_arena *arena, struct digester *digester, struct gb_bytes ak_public,
                    const struct certified *certified, struct gb_bytes qualifying, bool *ret_proven,
                    struct key **ret_key, struct gb_findings *findings, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    bool is_signed = false, name = false, sound = false;
    struct certificate *c = gb_arena_new_one(arena, struct certificate);
    int r = c ? read_all(ak_public, certified, c, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    bool kind = judge_kind(arena, &c->by.attest, findings);
    bool fresh = judge_qualifying(&c->by.attest, qualifying, findings);
    r = judge_signature(arena, digester, c, &is_signed, findings, err);
    if (r == GB_OK)
        r = judge_name(digester, c, &name, findings, err);
    if (r == GB_OK)
        r = judge_key(&c->key_public, &key, &sound, findings, err);
    if (r < 0)
        return r;
    bool proven = kind && fresh && is_signed && name && sound;
    if (proven)
        gb_finding_add(findings, GB_FINDING_CERTIFY_PROVEN, GB_NO_EVENT, key_name(key), NULL, NULL);
    if (findings->failed) /* an incomplete list proves nothing */
        return gb_err_nomem(err);
    *ret_key = proven ? gb_take(key) : NULL;
    *ret_proven = proven;
    return GB_OK;
}
