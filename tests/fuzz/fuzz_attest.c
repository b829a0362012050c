/* Aims at attest: bundle_read, verify and appraise together, on all parts of an envelope. A fuzzer
 * makes no signatures and no hashes, so every input is judged twice: as it is, and with PCR values
 * and a quote made to fit what its logs say, so that judging goes on to the end. */
#include <stdlib.h>

#include "attest/attest.h"
#include "parts.h"
#include "policy/appraise.h"
#include "verify/replay_boot.h"
#include "verify/replay_ima.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

/* In the order of the input. */
enum {
    QUOTE,
    SIGNATURE,
    AK_PUBLIC,
    AK_PEM,
    PCRS_TEXT,
    PCRS_TOOLS,
    BOOT_LOG,
    SYSTEMD_LOG,
    IMA,
    CMDLINE,
    EKCERT,
    NONCE,
    PARTS
};

static void check_verdict(const struct claims *claims, const struct verdict *verdict)
{
    if (verdict->tier == GB_TIER_NONE)
        abort();
    if (!claims->quote_proven && (claims->bank || claims->has_boot || claims->has_ima))
        abort();
    if (!claims->quote_proven && verdict->tier != GB_TIER_CONTRAINDICATED)
        abort();
    if (claims->findings.worst > verdict->tier)
        abort();
    if ((claims->boot_count > 0) != claims->has_boot || (claims->ima_count > 0) != claims->has_ima)
        abort();
}

static void as_it_is(struct gb_arena *arena, const struct bundle *bundle, const struct asked *asked)
{
    static const struct trust trust;
    struct claims claims;
    struct verdict verdict;
    if (attest(arena, digester, &trust, asked, bundle, &claims, &verdict, NULL) == GB_OK)
        check_verdict(&claims, &verdict);
}

/* PCR 10 as the whole list leaves it. */
static void replay_list(const struct ima_log *log, struct pcr_bank *bank)
{
    struct replay_ima state;
    bool matched;
    replay_ima_init(&state, bank->alg, false);
    if (replay_ima_run(digester, log, NULL, &state, &matched, NULL) < 0)
        abort();
    memcpy(bank->value[REPLAY_IMA_PCR], state.value, digest_size(bank->alg));
}

/* The values that the logs lead to, all quoted. */
static void mend(struct evidence *e)
{
    struct pcr_values values;
    if (replay_boot(digester, &e->boot_log, &values, NULL) < 0 ||
        replay_systemd(digester, &e->systemd_log, &values, NULL) < 0)
        abort();
    e->attest.type = TPM_ST_ATTEST_QUOTE;
    e->attest.quote.selection = (struct pcr_selection){.count = values.count};
    for (size_t i = 0; i < values.count; i++) {
        struct pcr_bank *bank = &values.banks[i];
        if (!(bank->mask >> REPLAY_IMA_PCR & 1))
            replay_list(&e->ima, bank);
        bank->mask = 0xffffff;
        e->attest.quote.selection.banks[i] = (struct pcr_selected){(uint16_t)bank->alg, bank->mask};
    }
    e->pcrs = values;
}

static void hash_values(const struct pcr_values *values, uint8_t out[32])
{
    if (digest_begin(digester, DIGEST_SHA256) < 0)
        abort();
    for (size_t i = 0; i < values->count; i++)
        for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++)
            if (digest_add(
                    digester, DIGEST_SHA256,
                    gb_bytes(values->banks[i].value[pcr], digest_size(values->banks[i].alg))) < 0)
                abort();
    if (digest_end(digester, DIGEST_SHA256, out) < 0)
        abort();
}

/* Values that follow from the logs are explained by them. */
static void check_mended(const struct evidence *e, const struct claims *claims)
{
    for (const struct gb_finding *f = claims->findings.first; f; f = f->next)
        if (f->code == GB_FINDING_PCR_DIGEST || f->code == GB_FINDING_SYSTEMD_REPLAY ||
            (f->code == GB_FINDING_BOOT_REPLAY && !e->boot_log.cc_registers))
            abort();
}

static void made_to_fit(struct gb_arena *arena, const struct bundle *bundle,
                        const struct asked *asked)
{
    static const struct policy no_policy;
    static const struct anchors no_anchors;
    uint8_t digest[32];
    struct evidence e;
    struct claims claims;
    struct verdict verdict;
    if (bundle_read(arena, bundle, &e, NULL) < 0 || !e.has_boot_log)
        return;
    mend(&e);
    hash_values(&e.pcrs, digest);
    e.attest.quote.pcr_digest = gb_bytes(digest, sizeof digest);
    e.signature.hash_id = DIGEST_SHA256;
    if (verify(arena, digester, &no_anchors, asked, &e, &claims, NULL) < 0)
        return;
    check_mended(&e, &claims);
    if (appraise(arena, &no_policy, &claims, &verdict, NULL) < 0)
        abort();
    check_verdict(&claims, &verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes parts[PARTS];
    if (!arena || (!digester && digester_new(&digester, NULL) < 0))
        return 0;
    parts_read(gb_bytes(data, size), parts, PARTS);
    const struct asked asked = {.has_nonce = parts[NONCE].data != NULL, .nonce = parts[NONCE]};
    const struct bundle bundle = {.quote = parts[QUOTE],
                                  .signature = parts[SIGNATURE],
                                  .ak_public = parts[AK_PUBLIC],
                                  .ak_pem = parts[AK_PEM],
                                  .pcrs_text = parts[PCRS_TEXT],
                                  .pcrs_tools = parts[PCRS_TOOLS],
                                  .boot_log = parts[BOOT_LOG],
                                  .systemd_log = parts[SYSTEMD_LOG],
                                  .ima = parts[IMA],
                                  .cmdline = parts[CMDLINE],
                                  .ekcerts = {{.name = "ekcert.der", .bytes = parts[EKCERT]}},
                                  .ekcert_count = parts[EKCERT].data != NULL};
    as_it_is(arena, &bundle, &asked);
    made_to_fit(arena, &bundle, &asked);
    return 0;
}
