#include "verify/ak.h"

#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "evidence/tpm_wire.h"

void ak_done(struct ak *ak)
{
    key_free(ak->area);
    key_free(ak->pem);
}

const struct key *ak_key(const struct ak *ak)
{
    if (ak->known)
        return ak->known;
    return ak->area ? ak->area : ak->pem;
}

int ak_read(const struct evidence *evidence, const struct key *known, struct ak *ret_ak,
            struct gb_err *err)
{
    gb_cleanup(ak_done) struct ak ak = {.known = known};
    if (evidence->has_ak_public && !known) {
        int r = tpm_public_key(&evidence->ak_public, &ak.area, err);
        if (r < 0) {
            gb_err_prefix(err, "ak.pub: ");
            return r;
        }
    }
    if (evidence->raw->ak_pem.data) {
        int r = key_from_pem(evidence->raw->ak_pem, &ak.pem, err);
        if (r < 0) {
            gb_err_prefix(err, "ak.pem: ");
            return r;
        }
    }
    if (!ak_key(&ak))
        return gb_err_set(err, GB_ERR_NOTFOUND, "neither ak.pub nor ak.pem was given");
    *ret_ak = ak;
    ak = (struct ak){0};
    return GB_OK;
}

/* T06: only a restricted key refuses to sign a TPMS_ATTEST that the TPM did not make, and only
 * fixed ones never leave it. Part 1, 31.4. */
static const struct {
    uint32_t bit;
    bool want;
    const char *fault;
} attributes[] = {
    {TPMA_FIXED_TPM, true, "fixedTPM is clear"},
    {TPMA_FIXED_PARENT, true, "fixedParent is clear"},
    {TPMA_SENSITIVE_DATA_ORIGIN, true, "sensitiveDataOrigin is clear"},
    {TPMA_RESTRICTED, true, "restricted is clear"},
    {TPMA_SIGN, true, "sign is clear"},
    {TPMA_DECRYPT, false, "decrypt is set"},
};

static bool judge_attributes(struct gb_arena *arena, const struct tpm_public *area,
                             struct gb_findings *findings)
{
    const char *text = NULL;
    bool good = true;
    for (size_t i = 0; i < GB_ARRAY_LEN(attributes); i++) {
        if (((area->attributes & attributes[i].bit) != 0) == attributes[i].want)
            continue;
        text = text ? gb_arena_printf(arena, "%s, %s", text, attributes[i].fault)
                    : attributes[i].fault;
        good = false;
    }
    if (!good)
        gb_finding_add(findings, GB_FINDING_AK_ATTRIBUTES, GB_NO_EVENT, text, NULL, NULL);
    return good;
}

static bool judge_strength(const struct evidence *evidence, const struct ak *ak,
                           struct gb_findings *findings)
{
    const char *weakness = key_weakness(ak_key(ak));
    if (!weakness && evidence->has_ak_public &&
        !digest_strong(digest_from_id(evidence->ak_public.name_alg)))
        weakness = "its Name is not a SHA-2 hash";
    if (weakness)
        gb_finding_add(findings, GB_FINDING_AK_WEAK, GB_NO_EVENT, weakness, NULL, NULL);
    return !weakness;
}

bool ak_judge(struct gb_arena *arena, const struct evidence *evidence, const struct ak *ak,
              struct gb_findings *findings)
{
    bool good = judge_strength(evidence, ak, findings);
    if (evidence->has_ak_public)
        good &= judge_attributes(arena, &evidence->ak_public, findings);
    else
        gb_finding_add(findings, GB_FINDING_AK_UNJUDGED, GB_NO_EVENT, NULL, NULL, NULL);
    if (ak->pem && !key_equal(ak_key(ak), ak->pem)) {
        gb_finding_add(findings, GB_FINDING_AK_KEY_DIFFERS, GB_NO_EVENT, NULL, NULL, NULL);
        good = false;
    }
    return good;
}
