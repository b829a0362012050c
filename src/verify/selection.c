#include "verify/selection.h"

#include <string.h>

#include "crypto/digest.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"

/* "sha256", or the number of an algorithm that has no name here. */
static const char *bank_name(struct gb_arena *arena, uint16_t alg_id)
{
    enum digest_alg alg = digest_from_id(alg_id);
    return alg == DIGEST_NONE ? gb_arena_printf(arena, "0x%04x", alg_id) : digest_name(alg);
}

/* Banks that the quote covers with at least one PCR, for a message: "sha1, 0x0012". */
static const char *banks_text(struct gb_arena *arena, const struct pcr_selection *selection)
{
    const char *text = NULL;
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->banks[i].mask == 0)
            continue;
        const char *name = bank_name(arena, selection->banks[i].alg_id);
        if (!name)
            return NULL;
        text = text ? gb_arena_printf(arena, "%s, %s", text, name) : name;
        if (!text)
            return NULL;
    }
    return text ? text : "none";
}

/* Adds the values of one selected bank to the running hash and to `proven`. False, and a finding,
 * when one is missing. Part 3, 18.4: values are hashed bank by bank, each from PCR 0 upward. */
static int add_bank(struct gb_arena *arena, struct digester *digester, enum digest_alg hash,
                    const struct pcr_selected *selected, const struct pcr_values *given,
                    struct pcr_values *proven, bool *ret_whole, struct gb_findings *findings)
{
    enum digest_alg alg = digest_from_id(selected->alg_id);
    const struct pcr_bank *bank = pcr_bank_get(given, alg);
    uint32_t missing = selected->mask & ~(bank ? bank->mask : 0);
    *ret_whole = missing == 0;
    if (missing) {
        unsigned first = (unsigned)__builtin_ctz(missing);
        gb_finding_add(findings, GB_FINDING_PCR_VALUE_MISSING, GB_NO_EVENT,
                       gb_arena_printf(arena, "%u", first), digest_name(alg), NULL);
        return GB_OK;
    }
    struct pcr_bank *to = pcr_bank_add(proven, alg);
    for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
        if (!(selected->mask >> pcr & 1))
            continue;
        memcpy(to->value[pcr], bank->value[pcr], digest_size(alg));
        int r = digest_add(digester, hash, gb_bytes(bank->value[pcr], digest_size(alg)));
        if (r < 0)
            return r;
    }
    to->mask = selected->mask;
    return GB_OK;
}

static int add_banks(struct gb_arena *arena, struct digester *digester, enum digest_alg hash,
                     const struct pcr_selection *selection, const struct pcr_values *given,
                     struct pcr_values *proven, bool *ret_whole, struct gb_findings *findings)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct pcr_selected *selected = &selection->banks[i];
        if (selected->mask ==
            0) /* an unallocated bank: nothing was hashed for it, nothing proven */
            continue;
        if (digest_from_id(selected->alg_id) == DIGEST_NONE) {
            gb_finding_add(findings, GB_FINDING_PCR_UNKNOWN_BANK, GB_NO_EVENT,
                           bank_name(arena, selected->alg_id), NULL, NULL);
            *ret_whole = false;
            return GB_OK;
        }
        int r = add_bank(arena, digester, hash, selected, given, proven, ret_whole, findings);
        if (r < 0 || !*ret_whole)
            return r;
    }
    *ret_whole = true;
    return GB_OK;
}

static int hash_selection(struct gb_arena *arena, struct digester *digester, enum digest_alg hash,
                          const struct tpm_attest *attest, const struct pcr_values *given,
                          struct pcr_values *proven, uint8_t *out, bool *ret_whole,
                          struct gb_findings *findings)
{
    int r = digest_begin(digester, hash);
    if (r < 0)
        return r;
    r = add_banks(arena, digester, hash, &attest->quote.selection, given, proven, ret_whole,
                  findings);
    return r < 0 ? r : digest_end(digester, hash, out);
}

int selection_prove(struct gb_arena *arena, struct digester *digester,
                    const struct tpm_attest *attest, enum digest_alg hash,
                    const struct pcr_values *given, struct pcr_values *ret_proven,
                    struct gb_findings *findings, struct gb_err *err)
{
    const struct tpm_attest *a = attest;
    struct pcr_values proven = {0};
    uint8_t digest[GB_LIMIT_DIGEST];
    bool whole = false;
    int r = hash_selection(arena, digester, hash, a, given, &proven, digest, &whole, findings);
    if (r < 0)
        return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(hash));
    *ret_proven = (struct pcr_values){0};
    if (!whole)
        return GB_OK;
    if (!gb_bytes_equal(a->quote.pcr_digest, gb_bytes(digest, digest_size(hash))))
        gb_finding_add(findings, GB_FINDING_PCR_DIGEST, GB_NO_EVENT, digest_name(hash), NULL, NULL);
    else if (proven.count == 0) /* no PCR at all: the hash of nothing proves nothing */
        gb_finding_add(findings, GB_FINDING_PCR_BANK, GB_NO_EVENT,
                       banks_text(arena, &a->quote.selection), NULL, NULL);
    else
        *ret_proven = proven;
    return GB_OK;
}

enum digest_alg selection_bank(struct gb_arena *arena, const struct tpm_attest *attest,
                               const struct pcr_values *proven, uint32_t mask,
                               struct gb_findings *findings)
{
    enum digest_alg nearest = DIGEST_NONE;
    uint32_t lacks = UINT32_MAX;
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        const struct pcr_bank *bank = pcr_bank_get(proven, digest_algs[i]);
        if (!bank || bank->mask == 0 || !digest_strong(bank->alg))
            continue;
        uint32_t missing = mask & ~bank->mask;
        if (missing == 0)
            return bank->alg;
        if (nearest == DIGEST_NONE || __builtin_popcount(missing) < __builtin_popcount(lacks)) {
            nearest = bank->alg;
            lacks = missing;
        }
    }
    if (nearest == DIGEST_NONE)
        gb_finding_add(findings, GB_FINDING_PCR_BANK, GB_NO_EVENT,
                       banks_text(arena, &attest->quote.selection), NULL, NULL);
    else
        gb_finding_add(findings, GB_FINDING_PCR_UNQUOTED, GB_NO_EVENT, pcr_mask_text(arena, lacks),
                       digest_name(nearest), NULL);
    return DIGEST_NONE;
}
