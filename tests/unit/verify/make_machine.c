#include "make_machine.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "base/mem.h"

enum { CEILING = 1 << 20 };

static void extend(struct machine *m, struct pcr_bank *bank, uint32_t pcr, const uint8_t *digest)
{
    size_t size = digest_size(bank->alg);
    assert_int_equal(digest_of_two(m->digester, bank->alg, gb_bytes(bank->value[pcr], size),
                                   gb_bytes(digest, size), bank->value[pcr]),
                     GB_OK);
}

/* ---- the firmware's log ---- */

static void write_spec_id(struct machine *m)
{
    static const uint8_t zeros[20];
    struct gb_buf *log = &m->boot_log;
    gb_buf_u32le(log, 0);
    gb_buf_u32le(log, EV_NO_ACTION);
    gb_buf_add(log, zeros, sizeof zeros);
    gb_buf_u32le(log, (uint32_t)(16 + 4 + 4 + 4 + 4 * m->pcrs.count + 1));
    gb_buf_add(log, "Spec ID Event03", 16);
    gb_buf_u32le(log, 0);
    gb_buf_add(log, (const uint8_t[]){0, 2, 0, 2}, 4);
    gb_buf_u32le(log, (uint32_t)m->pcrs.count);
    for (size_t i = 0; i < m->pcrs.count; i++) {
        gb_buf_u16le(log, (uint16_t)m->pcrs.banks[i].alg);
        gb_buf_u16le(log, (uint16_t)digest_size(m->pcrs.banks[i].alg));
    }
    gb_buf_u8(log, 0);
}

void machine_event(struct machine *m, uint32_t pcr, uint32_t type, struct gb_bytes measured,
                   struct gb_bytes data)
{
    struct gb_buf *log = &m->boot_log;
    gb_buf_u32le(log, pcr);
    gb_buf_u32le(log, type);
    gb_buf_u32le(log, (uint32_t)m->pcrs.count);
    for (size_t i = 0; i < m->pcrs.count; i++) {
        struct pcr_bank *bank = &m->pcrs.banks[i];
        uint8_t digest[GB_LIMIT_DIGEST];
        assert_int_equal(digest_of(m->digester, bank->alg, measured, digest), GB_OK);
        extend(m, bank, pcr, digest);
        gb_buf_u16le(log, (uint16_t)bank->alg);
        gb_buf_add(log, digest, digest_size(bank->alg));
    }
    gb_buf_u32le(log, (uint32_t)data.len);
    gb_buf_add(log, data.data, data.len);
    assert_true(gb_buf_ok(log));
}

void machine_extend(struct machine *m, uint32_t pcr, struct gb_bytes measured)
{
    for (size_t i = 0; i < m->pcrs.count; i++) {
        uint8_t digest[GB_LIMIT_DIGEST];
        assert_int_equal(digest_of(m->digester, m->pcrs.banks[i].alg, measured, digest), GB_OK);
        extend(m, &m->pcrs.banks[i], pcr, digest);
    }
}

/* What the kernel's stub measures: UTF-16 with a closing NUL; the log has the words
 * "LOADED_IMAGE:..."
 */
static void measure_cmdline(struct machine *m)
{
    static const uint8_t options[] = {'q', 0, 'u', 0, 'i', 0, 'e', 0, 't', 0, 0, 0};
    static const char name[] = "LOADED_IMAGE::LoadOptions";
    struct gb_buf tagged;
    gb_buf_init(&tagged, 100);
    gb_buf_u32le(&tagged, UINT32_C(0x8f3b22ed));
    gb_buf_u32le(&tagged, sizeof name);
    gb_buf_add(&tagged, name, sizeof name);
    machine_event(m, 9, EV_EVENT_TAG, gb_bytes(options, sizeof options), gb_buf_bytes(&tagged));
    gb_buf_done(&tagged);
}

static void boot(struct machine *m)
{
    static const uint8_t zeros[32];
    write_spec_id(m);
    for (uint32_t pcr = 0; pcr < 8; pcr++)
        machine_event(m, pcr, EV_SEPARATOR, gb_bytes(zeros, 4), gb_bytes(zeros, 4));
    machine_event(m, 4, EV_EFI_BOOT_SERVICES_APPLICATION, gb_bytes_str("loader"),
                  gb_bytes(zeros, 32));
    machine_event(m, 4, EV_EFI_BOOT_SERVICES_APPLICATION, gb_bytes_str("kernel"),
                  gb_bytes(zeros, 32));
    measure_cmdline(m);
}

void machine_reboot(struct machine *m)
{
    struct gb_buf *const bufs[] = {&m->boot_log, &m->systemd_log, &m->ima.binary, &m->ima.ascii};
    for (size_t i = 0; i < GB_ARRAY_LEN(bufs); i++)
        bufs[i]->len = 0;
    for (size_t i = 0; i < m->pcrs.count; i++) {
        memset(m->pcrs.banks[i].value, 0, sizeof m->pcrs.banks[i].value);
        memset(m->pcrs.banks[i].value[17], 0xff, sizeof m->pcrs.banks[i].value[0] * 6);
    }
    m->clock.reset_count++;
    m->clock.restart_count = 0;
    boot(m);
}

void machine_init(struct machine *m, const enum digest_alg *banks)
{
    *m = (struct machine){.arena = gb_arena_new(), .clock = make_clock_usual};
    assert_non_null(m->arena);
    assert_int_equal(digester_new(&m->digester, NULL), GB_OK);
    make_ak_init(&m->ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    make_ima_init(&m->ima, DIGEST_SHA1);
    struct gb_buf *const bufs[] = {&m->boot_log,  &m->systemd_log, &m->quote,
                                   &m->signature, &m->area,        &m->pcr_text};
    for (size_t i = 0; i < GB_ARRAY_LEN(bufs); i++)
        gb_buf_init(bufs[i], CEILING);
    for (; *banks != DIGEST_NONE; banks++) {
        struct pcr_bank *bank = pcr_bank_add(&m->pcrs, *banks);
        bank->mask = 0xffffff;
        memset(bank->value[17], 0xff, sizeof bank->value[0] * 6); /* PCR 17-22 */
    }
    boot(m);
}

void machine_done(struct machine *m)
{
    gb_mem_fail_nth(0);
    make_ak_done(&m->ak);
    make_ima_done(&m->ima);
    gb_buf_done(&m->boot_log);
    gb_buf_done(&m->systemd_log);
    gb_buf_done(&m->quote);
    gb_buf_done(&m->signature);
    gb_buf_done(&m->area);
    gb_buf_done(&m->pcr_text);
    digester_free(m->digester);
    gb_arena_free(m->arena);
}

/* ---- systemd ---- */

void machine_word(struct machine *m, const char *word, bool with_pcr)
{
    gb_buf_printf(&m->systemd_log, "\x1e{\"pcr\":11,\"digests\":[");
    for (size_t i = 0; i < m->pcrs.count; i++) {
        enum digest_alg alg = m->pcrs.banks[i].alg;
        uint8_t digest[GB_LIMIT_DIGEST];
        char hex[2 * GB_LIMIT_DIGEST + 1];
        assert_int_equal(digest_of(m->digester, alg, gb_bytes_str(word), digest), GB_OK);
        gb_hex_encode(gb_bytes(digest, digest_size(alg)), hex);
        gb_buf_printf(&m->systemd_log, "%s{\"hashAlg\":\"%s\",\"digest\":\"%s\"}", i ? "," : "",
                      digest_name(alg), hex);
    }
    gb_buf_printf(&m->systemd_log,
                  "],\"content_type\":\"systemd\",\"content\":{\"eventType\":\"phase\","
                  "\"string\":\"%s\"}}\n",
                  word);
    assert_true(gb_buf_ok(&m->systemd_log));
    if (with_pcr)
        machine_extend(m, 11, gb_bytes_str(word));
}

/* ---- IMA ---- */

/* Extends what the record that begins at `at` adds. */
static void extend_entry(struct machine *m, size_t at)
{
    struct ima_log log;
    struct gb_bytes record = gb_bytes_from(gb_buf_bytes(&m->ima.binary), at);
    assert_int_equal(ima_read(m->arena, record, DIGEST_NONE, &log, NULL), GB_OK);
    assert_int_equal(log.count, 1);
    for (size_t i = 0; i < m->pcrs.count; i++) {
        struct pcr_bank *bank = &m->pcrs.banks[i];
        uint8_t digest[GB_LIMIT_DIGEST] = {0};
        enum digest_alg alg = m->padded ? DIGEST_SHA1 : bank->alg;
        assert_int_equal(ima_template_digest(m->digester, alg, log.entries, digest), GB_OK);
        extend(m, bank, log.entries->pcr, digest);
    }
}

void machine_file(struct machine *m, const char *path, uint8_t fill)
{
    size_t at = m->ima.binary.len;
    make_ima_filled(&m->ima, path, fill);
    extend_entry(m, at);
}

void machine_entry(struct machine *m, const char *template, const struct make_ima_field *fields,
                   size_t count)
{
    size_t at = m->ima.binary.len;
    make_ima_add(&m->ima, 10, template, fields, count, false);
    extend_entry(m, at);
}

void machine_aggregate(struct machine *m, enum digest_alg alg, unsigned last)
{
    const struct pcr_bank *bank = pcr_bank_get(&m->pcrs, alg);
    uint8_t digest[GB_LIMIT_DIGEST];
    char words[16];
    size_t at = m->ima.binary.len;
    assert_non_null(bank);
    assert_int_equal(digest_begin(m->digester, alg), GB_OK);
    for (unsigned pcr = 0; pcr <= last; pcr++)
        assert_int_equal(digest_add(m->digester, alg, gb_bytes(bank->value[pcr], digest_size(alg))),
                         GB_OK);
    assert_int_equal(digest_end(m->digester, alg, digest), GB_OK);
    snprintf(words, sizeof words, "%s:", digest_name(alg));
    const struct make_ima_field fields[] = {
        {MAKE_IMA_DIGEST, digest, digest_size(alg), words},
        {MAKE_IMA_TEXT, "boot_aggregate", strlen("boot_aggregate"), NULL},
    };
    make_ima_add(&m->ima, 10, "ima-ng", fields, GB_ARRAY_LEN(fields), false);
    extend_entry(m, at);
}

/* ---- evidence ---- */

void machine_quote(struct machine *m)
{
    machine_quote_for(m, gb_bytes_str("nonce"));
}

void machine_quote_for(struct machine *m, struct gb_bytes nonce)
{
    m->quote.len = m->signature.len = m->area.len = m->pcr_text.len = 0;
    make_quote_at(&m->pcrs, DIGEST_SHA256, nonce, &m->clock, &m->quote);
    make_signature(&m->ak, gb_buf_bytes(&m->quote), &m->signature);
    make_ak_public(&m->ak, MAKE_AK_GOOD, &m->area);
    make_pcr_text(&m->pcrs, &m->pcr_text);
    m->asked = (struct asked){.has_nonce = true, .nonce = nonce};
    m->bundle = (struct bundle){.quote = gb_buf_bytes(&m->quote),
                                .signature = gb_buf_bytes(&m->signature),
                                .ak_public = gb_buf_bytes(&m->area),
                                .pcrs_text = gb_buf_bytes(&m->pcr_text),
                                .boot_log = gb_buf_bytes(&m->boot_log),
                                .systemd_log = gb_buf_bytes(&m->systemd_log),
                                .ima = gb_buf_bytes(&m->ima.binary),
                                .cmdline = gb_bytes_str("quiet\n")};
}

int machine_verify(struct machine *m)
{
    static const struct anchors none;
    struct gb_err err;
    gb_arena_reset(m->arena);
    m->claims = (struct claims){0};
    int r = bundle_read(m->arena, &m->bundle, &m->evidence, &err);
    if (r < 0)
        return r;
    return verify(m->arena, m->digester, &none, &m->asked, &m->evidence, &m->claims, &err);
}

static const struct gb_finding *find(const struct machine *m, enum gb_finding_code code)
{
    for (const struct gb_finding *f = m->claims.findings.first; f; f = f->next)
        if (f->code == code)
            return f;
    return NULL;
}

bool machine_has(const struct machine *m, enum gb_finding_code code)
{
    return find(m, code) != NULL;
}

struct gb_finding machine_finding(const struct machine *m, enum gb_finding_code code)
{
    const struct gb_finding *f = find(m, code);
    if (f)
        return *f;
    fail_msg("no finding %s", gb_finding_code_name(code));
    return (struct gb_finding){0};
}

void machine_assert_good(const struct machine *m, enum gb_tier worst)
{
    for (const struct gb_finding *f = m->claims.findings.first; f; f = f->next)
        if (f->tier > worst)
            fail_msg("%s: %s %s", gb_finding_code_name(f->code), f->args[0] ? f->args[0] : "",
                     f->args[1] ? f->args[1] : "");
    assert_true(m->claims.quote_proven);
    assert_int_not_equal(m->claims.bank, DIGEST_NONE);
    assert_true(m->claims.has_boot);
}
