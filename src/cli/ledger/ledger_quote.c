#include "cli/ledger/ledger_quote.h"

#include <string.h>

#include "base/finding.h"
#include "cli/ledger/ledger_nodes.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/tpm_wire.h"
#include "ledger/rounds.h"
#include "verify/binding.h"
#include "verify/signature.h"

/* The structures alone; a fault when one is none. */
static const char *read_parts(const struct bundle *raw, struct evidence *evidence)
{
    if (tpm_attest_read_header(raw->quote, &evidence->attest, NULL) < 0 ||
        tpm_attest_read(raw->quote, &evidence->attest, NULL) < 0)
        return "the quote is no TPMS_ATTEST";
    if (tpm_signature_read(raw->signature, &evidence->signature, NULL) < 0)
        return "the quote's signature is no TPMT_SIGNATURE";
    if (tpm_public_read(raw->ak_public, &evidence->ak_public, NULL) < 0)
        return "the enrolled AK is no TPM2B_PUBLIC";
    evidence->raw = raw;
    evidence->has_ak_public = true;
    return NULL;
}

static int judge_binding(struct digester *digester, const struct rounds_quote *quote,
                         const struct tpm_attest *attest, const char **ret_fault,
                         struct gb_err *err)
{
    uint8_t binding[BINDING_SIZE];
    int r =
        binding_of_digest(digester, quote->nonce, quote->transport, quote->extras, binding, err);
    if (r == GB_OK && !gb_bytes_equal(attest->extra_data, gb_bytes(binding, sizeof binding)))
        *ret_fault = "the quote does not answer its nonce over its transport key";
    return r;
}

int ledger_quote_judge(struct gb_arena *arena, struct digester *digester,
                       const struct rounds_quote *quote, const struct ledger_enrolled *keys,
                       const char **ret_fault, struct gb_err *err)
{
    const struct bundle raw = {
        .quote = quote->attest, .signature = quote->signature, .ak_public = keys->ak_public};
    struct evidence evidence = {0};
    struct gb_findings findings = {.arena = arena};
    bool proven = false;
    *ret_fault = read_parts(&raw, &evidence);
    if (!*ret_fault && memcmp(quote->transport, keys->transport, sizeof keys->transport) != 0)
        *ret_fault = "the transport key is not the one that the node enrolled with";
    if (*ret_fault)
        return GB_OK;
    int r = judge_binding(digester, quote, &evidence.attest, ret_fault, err);
    if (r < 0 || *ret_fault)
        return r;
    r = signature_judge(arena, digester, &evidence, NULL, &proven, &findings, err);
    if (r == GB_OK && !proven)
        *ret_fault =
            "the quote is not signed by the AK that the node enrolled with, or is no quote "
            "of a TPM";
    else if (r == GB_ERR_INPUT)
        *ret_fault = "the enrolled AK is no key";
    return *ret_fault ? GB_OK : r;
}
