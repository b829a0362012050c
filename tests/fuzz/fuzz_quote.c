/* Aims at tpm_attest_read, tpm_signature_read, tpm_public_read, pcr_values_read_text and _tools,
 * signature_judge, freshness_judge and selection_prove. What is read is written again: the same
 * bytes must come out. Parts: attest, signature, public, pcrs.yaml, quote.pcrs, ak.pem. */
#include <stdlib.h>

#include "parts.h"
#include "verify/freshness.h"
#include "verify/selection.h"
#include "verify/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

static void same(struct gb_buf *buf, struct gb_bytes in)
{
    if (gb_buf_ok(buf) && !gb_bytes_equal(gb_buf_bytes(buf), in))
        abort();
    gb_buf_done(buf);
}

/* Bitmaps of another width than 3 bytes are written as 3. */
static bool usual_bitmaps(const struct tpm_attest *attest, struct gb_bytes in)
{
    size_t fixed = 4 + 2 + 2 + attest->qualified_signer.len + 2 + attest->extra_data.len + 25 + 4 +
                   2 + attest->quote.pcr_digest.len;
    return attest->type != TPM_ST_ATTEST_QUOTE ||
           in.len == fixed + 6 * attest->quote.selection.count;
}

static bool read_attest(struct gb_bytes in, struct tpm_attest *attest)
{
    struct gb_buf buf;
    if (tpm_attest_read(in, attest, NULL) < 0)
        return false;
    gb_buf_init(&buf, 1 << 16);
    if (usual_bitmaps(attest, in))
        tpm_attest_write(&buf, attest);
    else
        buf.failed = true;
    same(&buf, in);
    return true;
}

static bool read_signature(struct gb_bytes in, struct tpm_signature *signature)
{
    struct gb_buf buf;
    if (tpm_signature_read(in, signature, NULL) < 0)
        return false;
    gb_buf_init(&buf, 1 << 16);
    if (signature->hash_id != 0)
        tpm_signature_write(&buf, signature);
    else
        buf.failed = true;
    same(&buf, in);
    return true;
}

static bool read_public(struct gb_bytes in, struct tpm_public *area)
{
    struct gb_buf buf;
    if (tpm_public_read(in, area, NULL) < 0)
        return false;
    gb_buf_init(&buf, 1 << 16);
    tpm_public_write(&buf, area);
    same(&buf, in);
    return true;
}

static void check_values(const struct pcr_values *values)
{
    for (size_t i = 0; i < values->count; i++)
        if (digest_size(values->banks[i].alg) == 0 || values->banks[i].mask >> GB_LIMIT_PCRS)
            abort();
}

/* What is proven was given and quoted. */
static void prove(struct gb_arena *arena, const struct tpm_attest *attest,
                  const struct pcr_values *given, struct gb_findings *findings)
{
    struct pcr_values proven;
    check_values(given);
    if (attest->type != TPM_ST_ATTEST_QUOTE)
        return;
    if (selection_prove(arena, digester, attest, DIGEST_SHA256, given, &proven, findings, NULL) < 0)
        abort();
    if ((proven.count == 0) != (findings->worst == GB_TIER_CONTRAINDICATED))
        abort();
    for (size_t i = 0; i < proven.count; i++) {
        const struct pcr_bank *bank = pcr_bank_get(given, proven.banks[i].alg);
        if (!bank || proven.banks[i].mask == 0 || proven.banks[i].mask & ~bank->mask)
            abort();
    }
    (void)selection_bank(arena, attest, &proven, SELECTION_REQUIRED, findings);
}

static void use(struct gb_arena *arena, const struct gb_bytes *parts)
{
    struct bundle bundle = {.quote = parts[0], .ak_pem = parts[5]};
    struct evidence e = {.raw = &bundle};
    struct gb_findings findings = {.arena = arena};
    struct pcr_values given = {0};
    bool proven = false;
    if (!read_attest(parts[0], &e.attest))
        return;
    if (pcr_values_read_text(parts[3], &given, NULL) == GB_OK)
        prove(arena, &e.attest, &given, &findings);
    findings = (struct gb_findings){.arena = arena};
    if (e.attest.type == TPM_ST_ATTEST_QUOTE &&
        pcr_values_read_tools(parts[4], &e.attest.quote.selection, &given, NULL) == GB_OK)
        prove(arena, &e.attest, &given, &findings);
    findings = (struct gb_findings){.arena = arena};
    e.has_ak_public = parts[2].data && read_public(parts[2], &e.ak_public);
    if (!read_signature(parts[1], &e.signature) ||
        signature_judge(arena, digester, &e, NULL, &proven, &findings, NULL) < 0)
        return;
    if (proven == (findings.worst == GB_TIER_CONTRAINDICATED))
        abort();
    if (freshness_judge(arena, &e.attest, true, gb_bytes(NULL, 0), &findings))
        abort(); /* an empty nonce is never a match */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes parts[6];
    if (!arena || (!digester && digester_new(&digester, NULL) < 0))
        return 0;
    parts_read(gb_bytes(data, size), parts, GB_ARRAY_LEN(parts));
    use(arena, parts);
    return 0;
}
