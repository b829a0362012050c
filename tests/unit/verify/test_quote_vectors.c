/* Known answers: quotes of real and emulated TPMs, and whole folders of evidence, as others made
 * them and say what must be concluded. */
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "os/file.h"
#include "verify/replay_boot.h"
#include "verify/selection.h"
#include "verify/signature.h"
#include "verify/verify.h"
#include "wire/json.h"

struct fixture {
    struct gb_arena *arena;
    struct digester *digester;
    const char *folder;
    struct bundle bundle;
    struct evidence evidence;
};

static void begin(struct fixture *f)
{
    *f = (struct fixture){.arena = gb_arena_new()};
    assert_non_null(f->arena);
    assert_int_equal(digester_new(&f->digester, NULL), GB_OK);
    f->evidence.raw = &f->bundle;
}

static void end(struct fixture *f)
{
    digester_free(f->digester);
    gb_arena_free(f->arena);
}

/* Nothing when the folder has no such file. */
static struct gb_bytes load(struct fixture *f, const char *name)
{
    struct gb_bytes bytes = {0};
    const char *path = gb_arena_printf(f->arena, "%s/%s", f->folder, name);
    assert_non_null(path);
    int r = file_read(f->arena, path, GB_LIMIT_BOOT_LOG, &bytes, NULL);
    assert_true(r == GB_OK || r == GB_ERR_NOTFOUND);
    return bytes;
}

static struct json *load_json(struct fixture *f, const char *name)
{
    struct json *value = NULL;
    struct gb_bytes text = load(f, name);
    assert_non_null(text.data);
    assert_int_equal(json_read(text, &value, NULL), GB_OK);
    return value;
}

static bool has(const struct gb_findings *findings, enum gb_finding_code code)
{
    for (const struct gb_finding *i = findings->first; i; i = i->next)
        if (i->code == code)
            return true;
    return false;
}

static void assert_hex(const struct json *object, const char *key, struct gb_bytes expected)
{
    struct gb_bytes hex;
    char text[2 * 256 + 1];
    assert_true(json_get_text(object, key, &hex));
    assert_in_range(expected.len, 0, 256);
    gb_hex_encode(expected, text);
    assert_true(gb_bytes_is(hex, text));
}

static void assert_number(const struct json *object, const char *key, uint64_t expected)
{
    uint64_t value = 0;
    assert_true(json_get_number(object, key, &value));
    assert_int_equal(value, expected);
}

/* ---- derived_quotes ---- */

static void compare_attest(const struct json *want, const struct tpm_attest *attest)
{
    assert_int_equal(attest->magic, TPM_GENERATED_VALUE);
    assert_int_equal(attest->type, TPM_ST_ATTEST_QUOTE);
    assert_hex(want, "qualifiedSigner", attest->qualified_signer);
    assert_hex(want, "extraData", attest->extra_data);
    assert_number(want, "clock", attest->clock_ms);
    assert_number(want, "resetCount", attest->reset_count);
    assert_number(want, "restartCount", attest->restart_count);
    assert_number(want, "safe", attest->safe);
    assert_hex(want, "pcrDigest", attest->quote.pcr_digest);
    assert_int_equal(json_count(json_get(want, "sel")), attest->quote.selection.count);
}

/* pcrs.json of the quoted bank: {"0": hex, ...}. */
static void read_pcrs(struct fixture *f, struct pcr_values *values)
{
    gb_cleanup(json_freep) struct json *pcrs = load_json(f, "pcrs.json");
    enum digest_alg alg = digest_from_id(f->evidence.attest.quote.selection.banks[0].alg_id);
    struct pcr_bank *bank = pcr_bank_add(values, alg);
    for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
        char number[4];
        struct gb_bytes hex;
        snprintf(number, sizeof number, "%u", pcr);
        if (!json_get_text(pcrs, number, &hex))
            continue;
        assert_true(gb_hex_decode(hex, bank->value[pcr], digest_size(alg)));
        bank->mask |= UINT32_C(1) << pcr;
    }
}

/* The log's replay against the proven PCRs 0-9. */
static void compare_log(struct fixture *f, const struct pcr_values *proven)
{
    struct eventlog log;
    struct pcr_values replayed;
    struct gb_findings findings = {.arena = f->arena};
    struct gb_bytes in = load(f, "eventlog.bin");
    if (!in.data)
        return;
    assert_int_equal(eventlog_read(f->arena, in, &log, &findings, NULL), GB_OK);
    assert_int_equal(replay_boot(f->digester, &log, &replayed, NULL), GB_OK);
    const struct pcr_bank *bank = pcr_bank_get(&replayed, proven->banks[0].alg);
    assert_non_null(bank);
    for (unsigned pcr = 0; pcr <= 9; pcr++)
        assert_memory_equal(bank->value[pcr], proven->banks[0].value[pcr], digest_size(bank->alg));
}

/* TPM2B_PUBLIC, or the bare TPMT_PUBLIC with its size put before it. */
static void read_area(struct fixture *f)
{
    static uint8_t sized[2 + 1024];
    struct gb_bytes area = load(f, "ak.tpm2b_public");
    struct gb_bytes bare = load(f, "ak.tpmt_public");
    if (!area.data && bare.data) {
        assert_in_range(bare.len, 1, 1024);
        sized[0] = (uint8_t)(bare.len >> 8);
        sized[1] = (uint8_t)bare.len;
        memcpy(sized + 2, bare.data, bare.len);
        area = gb_bytes(sized, 2 + bare.len);
    }
    assert_int_equal(tpm_public_read(area, &f->evidence.ak_public, NULL), GB_OK);
    f->evidence.has_ak_public = true;
}

static void compare_name(struct fixture *f)
{
    uint8_t name[2 + GB_LIMIT_DIGEST];
    size_t len = 0;
    struct gb_bytes want = load(f, "ak.name");
    if (!want.data)
        return;
    assert_int_equal(tpm_public_name(f->digester, &f->evidence.ak_public, name, &len, NULL), GB_OK);
    assert_true(gb_bytes_equal(want, gb_bytes(name, len)));
}

static void judge_quote(struct fixture *f, const struct json *row)
{
    struct gb_findings findings = {.arena = f->arena};
    struct evidence *e = &f->evidence;
    struct pcr_values given = {0};
    struct pcr_values proven;
    bool is_proven = false;
    f->bundle.quote = load(f, "quote.tpms_attest");
    f->bundle.ak_pem = load(f, "ak.pem");
    assert_int_equal(tpm_attest_read(f->bundle.quote, &e->attest, NULL), GB_OK);
    assert_int_equal(tpm_signature_read(load(f, "quote.tpmt_signature"), &e->signature, NULL),
                     GB_OK);
    read_area(f);
    compare_attest(json_get(row, "attest"), &e->attest);
    compare_name(f);
    assert_int_equal(signature_judge(f->arena, f->digester, e, NULL, &is_proven, &findings, NULL),
                     GB_OK);
    assert_true(is_proven);
    struct gb_bytes tools = load(f, "quotepcr.tpm2tools");
    if (tools.data)
        assert_int_equal(pcr_values_read_tools(tools, &e->attest.quote.selection, &given, NULL),
                         GB_OK);
    else
        read_pcrs(f, &given);
    assert_int_equal(selection_prove(f->arena, f->digester, &e->attest, DIGEST_SHA256, &given,
                                     &proven, &findings, NULL),
                     GB_OK);
    assert_int_equal(proven.count, 1);
    assert_int_equal(findings.worst, GB_TIER_AFFIRMING);
    compare_log(f, &proven);
}

static void quotes_of_others_are_proven(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    struct fixture f;
    begin(&f);
    f.folder = gb_arena_printf(f.arena, "%s/derived_quotes", vectors);
    gb_cleanup(json_freep) struct json *manifest = load_json(&f, "manifest.json");
    assert_int_equal(json_count(manifest), 4);
    for (size_t i = 0; i < json_count(manifest); i++) {
        struct fixture one;
        struct gb_bytes dir;
        begin(&one);
        assert_true(json_get_text(json_at(manifest, i), "dir", &dir));
        one.folder =
            gb_arena_printf(one.arena, "%s/%.*s", f.folder, (int)dir.len, (const char *)dir.data);
        judge_quote(&one, json_at(manifest, i));
        end(&one);
    }
    end(&f);
}

/* ---- boot ---- */

/* What must be found in the cases that are to be refused for their evidence. */
static const struct {
    const char *name;
    enum gb_finding_code code;
} refused[] = {
    {"37-uki-partial-quote", GB_FINDING_PCR_UNQUOTED},
    {"41-forged-ima-entry-removed", GB_FINDING_IMA_REPLAY},
    {"44-forged-event-data-lies", GB_FINDING_EVENT_DATA},
    {"53-forged-unrestricted-key", GB_FINDING_AK_ATTRIBUTES},
};

static enum gb_finding_code expected_fault(const char *name)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(refused); i++)
        if (strcmp(refused[i].name, name) == 0)
            return refused[i].code;
    return GB_FINDING_NONE;
}

static void load_bundle(struct fixture *f)
{
    f->bundle = (struct bundle){.quote = load(f, "quote.msg"),
                                .signature = load(f, "quote.sig"),
                                .ak_public = load(f, "ak.pub"),
                                .ak_pem = load(f, "ak.pem"),
                                .pcrs_text = load(f, "pcrs.yaml"),
                                .boot_log = load(f, "eventlog.bin"),
                                .ima = load(f, "ima_binary"),
                                .cmdline = load(f, "cmdline")};
}

static void judge_boot(struct fixture *f, const char *name, const struct json *replay)
{
    static const struct anchors none;
    const struct asked asked = {.has_nonce = true, .nonce = load(f, "nonce")};
    enum gb_finding_code fault = expected_fault(name);
    struct claims claims;
    uint64_t entries = 0;
    assert_int_equal(verify(f->arena, f->digester, &none, &asked, &f->evidence, &claims, NULL),
                     GB_OK);
    assert_true(has(&claims.findings, GB_FINDING_QUOTE_SIGNED));
    assert_false(has(&claims.findings, GB_FINDING_PCR_DIGEST));
    assert_false(has(&claims.findings, GB_FINDING_NONCE_MISMATCH));
    assert_false(has(&claims.findings, GB_FINDING_BOOT_REPLAY));
    assert_false(has(&claims.findings, GB_FINDING_IMA_AGGREGATE));
    if (fault != GB_FINDING_NONE) {
        assert_true(has(&claims.findings, fault));
        assert_int_equal(claims.findings.worst, GB_TIER_CONTRAINDICATED);
        return;
    }
    assert_int_equal(claims.findings.worst, GB_TIER_AFFIRMING);
    assert_true(claims.quote_proven && claims.has_boot && claims.has_ima);
    assert_int_equal(claims.bank, DIGEST_SHA256);
    assert_true(json_get_number(replay, "ima_sha256_sha256", &entries));
    assert_int_equal(claims.ima_count, entries);
    compare_name(f);
}

static void measured_boots_are_proven_or_refused(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    struct fixture list;
    const char *const *names = NULL;
    size_t seen = 0;
    begin(&list);
    list.folder = gb_arena_printf(list.arena, "%s/boot", vectors);
    assert_int_equal(file_list(list.arena, list.folder, "", "", &names, NULL), GB_OK);
    for (; *names; names++) {
        struct fixture f;
        if ((*names)[0] < '0' || (*names)[0] > '9')
            continue;
        begin(&f);
        f.folder = gb_arena_printf(f.arena, "%s/%s", list.folder, *names);
        gb_cleanup(json_freep) struct json *expect = load_json(&f, "expect.json");
        const struct json *replay = json_get(expect, "replay");
        load_bundle(&f);
        struct gb_err err;
        int r = bundle_read(f.arena, &f.bundle, &f.evidence, &err);
        assert_int_equal(r, json_get(replay, "error") ? GB_ERR_INPUT : GB_OK);
        if (r == GB_OK)
            judge_boot(&f, *names, replay);
        seen++;
        end(&f);
    }
    assert_int_equal(seen, 11);
    end(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_of_others_are_proven),
        cmocka_unit_test(measured_boots_are_proven_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
