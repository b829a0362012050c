#include "result/ear.h"
#include "wire/json.h"

static bool tier_of(struct gb_bytes name, enum gb_tier *ret_tier)
{
    for (int i = GB_TIER_NONE; i <= GB_TIER_CONTRAINDICATED; i++)
        if (gb_bytes_is(name, gb_tier_name((enum gb_tier)i))) {
            *ret_tier = (enum gb_tier)i;
            return true;
        }
    return false;
}

/* Left out: no claim at all (EAR, 3.1). */
static int read_vector(const struct json *submod, uint8_t ret_vector[EAR_CLAIM_COUNT],
                       struct gb_err *err)
{
    const struct json *vector = json_get(submod, "ear_trustworthiness_vector");
    if (vector && !json_has_members(vector))
        return gb_err_set(err, GB_ERR_INPUT, "the trustworthiness vector is no object");
    for (int i = EAR_CLAIM_NONE + 1; i < EAR_CLAIM_COUNT; i++) {
        const char *name = ear_claim_name((enum ear_claim)i);
        uint64_t value = 0;
        if (!json_get(vector, name))
            continue;
        if (!json_get_number(vector, name, &value) || value > 127)
            return gb_err_set(err, GB_ERR_INPUT, "\"%s\" is no value of AR4SI that is known", name);
        ret_vector[i] = (uint8_t)value;
    }
    return GB_OK;
}

int ear_read(const struct json *claims, struct ear_said *ret_said, struct gb_err *err)
{
    struct ear_said said = {0};
    struct gb_bytes text;
    const struct json *submod = json_get(json_get(claims, "submods"), EAR_SUBMOD);
    if (!json_get_text(claims, "eat_profile", &text) || !gb_bytes_is(text, EAR_PROFILE))
        return gb_err_set(err, GB_ERR_INPUT, "not an attestation result of the profile %s",
                          EAR_PROFILE);
    if (!json_get_text(submod, "ear_status", &text) || !tier_of(text, &said.status))
        return gb_err_set(err, GB_ERR_INPUT, "the result says no status of \"%s\" that is known",
                          EAR_SUBMOD);
    int r = read_vector(submod, said.vector, err);
    if (r < 0)
        return r;
    if (!json_as_text(json_at(json_get(submod, "ear_appraisal_policy_ids"), 0), &said.policy))
        said.policy = gb_bytes(NULL, 0);
    if (!json_get_text(json_get(claims, "ear_verifier_id"), "build", &said.build))
        said.build = gb_bytes(NULL, 0);
    if (!json_get_text(claims, "eat_nonce", &said.nonce))
        said.nonce = gb_bytes(NULL, 0);
    *ret_said = said;
    return GB_OK;
}
