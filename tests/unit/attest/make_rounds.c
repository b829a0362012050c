#include "make_rounds.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "evidence/envelope.h"
#include "reference/capture.h"
#include "verify/binding.h"

enum { FILES = 100, INTERVAL_S = 60 };

static void measure_start(struct rounds *r)
{
    machine_aggregate(&r->m, DIGEST_SHA256, 9);
    machine_file(&r->m, "/etc/ima/ima-policy", 1);
    machine_file(&r->m, "/usr/bin/init", 2);
}

static void write_files(struct gb_buf *out)
{
    gb_buf_puts(out, "---\napiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                     "  name: more\nspec:\n  class: packages\n  source: written\n  files:\n"
                     "    algorithm: sha256\n    digests:\n");
    for (unsigned n = 0; n < FILES; n++) {
        gb_buf_puts(out, "      - ");
        for (int i = 0; i < 32; i++)
            gb_buf_printf(out, "%02x", 100 + n);
        gb_buf_printf(out, " /ok/%u\n", n);
    }
}

/* What the first boot measured becomes the policy. */
static void accept(struct rounds *r)
{
    static const enum ref_class classes[] = {REF_PLATFORM, REF_OS, REF_PACKAGES};
    struct gb_buf out;
    gb_buf_init(&out, 1 << 20);
    machine_quote(&r->m);
    assert_int_equal(machine_verify(&r->m), GB_OK);
    machine_assert_good(&r->m, GB_TIER_AFFIRMING);
    for (size_t i = 0; i < GB_ARRAY_LEN(classes); i++) {
        struct ref_set *set = NULL;
        assert_int_equal(capture(r->policy_arena, &r->m.claims, classes[i],
                                 ref_class_name(classes[i]), &set, &r->err),
                         GB_OK);
        ref_set_write(&out, set);
    }
    write_files(&out);
    assert_true(gb_buf_ok(&out));
    const struct policy_file file = {"policy.yaml",
                                     gb_arena_copy(r->policy_arena, gb_buf_bytes(&out))};
    if (policy_read(r->policy_arena, &file, 1, 1, &r->trust.policy, &r->err) < 0)
        fail_msg("%s", r->err.text);
    gb_buf_done(&out);
}

static void issue(struct rounds *r)
{
    for (size_t i = 0; i < sizeof r->nonce; i++)
        r->nonce[i] = (uint8_t)(r->nonce[i] * 5 + i + 1);
    r->issued_s = r->now_s;
}

void rounds_init(struct rounds *r, const enum digest_alg *banks)
{
    *r = (struct rounds){.policy_arena = gb_arena_new(), .now_s = 1800000000};
    assert_non_null(r->policy_arena);
    gb_buf_init(&r->raw_pcrs, 1 << 16);
    gb_buf_init(&r->envelope, 8 << 20);
    memset(r->transport, 7, sizeof r->transport);
    machine_init(&r->m, banks);
    measure_start(r);
    accept(r);
    r->trust.id = 1;
    issue(r);
}

void rounds_done(struct rounds *r)
{
    gb_mem_fail_nth(0);
    machine_done(&r->m);
    gb_buf_done(&r->raw_pcrs);
    gb_buf_done(&r->envelope);
    gb_arena_free(r->policy_arena);
}

void rounds_reboot(struct rounds *r)
{
    machine_reboot(&r->m);
    measure_start(r);
}

void rounds_file(struct rounds *r, unsigned n)
{
    char path[20];
    assert_in_range(n, 0, FILES - 1);
    snprintf(path, sizeof path, "/ok/%u", n);
    machine_file(&r->m, path, (uint8_t)(100 + n));
}

void rounds_quote(struct rounds *r)
{
    uint8_t binding[BINDING_SIZE];
    assert_int_equal(binding_of(r->m.digester, gb_bytes(r->nonce, sizeof r->nonce), r->transport,
                                r->extras, binding, NULL),
                     GB_OK);
    machine_quote_for(&r->m, gb_bytes(binding, sizeof binding));
    r->raw_pcrs.len = 0;
    for (size_t i = 0; i < r->m.pcrs.count; i++)
        for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++)
            if (r->m.pcrs.banks[i].mask >> pcr & 1)
                gb_buf_add(&r->raw_pcrs, r->m.pcrs.banks[i].value[pcr],
                           digest_size(r->m.pcrs.banks[i].alg));
    assert_true(gb_buf_ok(&r->raw_pcrs));
}

void rounds_make_whole(struct rounds *r)
{
    struct bundle *b = &r->m.bundle;
    b->pcrs_text = gb_bytes(NULL, 0);
    b->pcrs_raw = gb_buf_bytes(&r->raw_pcrs);
    b->boot_log = gb_buf_bytes(&r->m.boot_log);
    b->boot_log_digest = gb_bytes(NULL, 0);
    b->systemd_log = r->m.systemd_log.len ? gb_buf_bytes(&r->m.systemd_log) : gb_bytes(NULL, 0);
    b->ima = gb_buf_bytes(&r->m.ima.binary);
    b->ima_from = 0;
    b->cmdline = gb_bytes_str("quiet");
    b->extras = r->extras;
}

/* What the list holds from one entry on; nothing when it has fewer. */
static struct gb_bytes list_from(struct rounds *r, uint64_t from)
{
    struct gb_bytes whole = gb_buf_bytes(&r->m.ima.binary);
    struct ima_log log;
    assert_int_equal(ima_read(r->m.arena, whole, DIGEST_NONE, &log, NULL), GB_OK);
    if (from >= log.count)
        return gb_bytes("", 0);
    return gb_bytes_from(whole, (size_t)(log.entries[from].template_digest - whole.data) - 4);
}

void rounds_make_more(struct rounds *r, uint64_t ima_from)
{
    struct bundle *b = &r->m.bundle;
    rounds_make_whole(r);
    assert_int_equal(digest_of(r->m.digester, DIGEST_SHA256, b->boot_log, r->log_digest), GB_OK);
    b->boot_log = b->systemd_log = b->cmdline = gb_bytes(NULL, 0);
    b->boot_log_digest = gb_bytes(r->log_digest, sizeof r->log_digest);
    b->ima = list_from(r, ima_from);
    b->ima_from = ima_from;
}

int rounds_send(struct rounds *r)
{
    struct progress after = {.trust_id = 4711};
    struct bundle bundle;
    const struct asked asked = {.has_nonce = true,
                                .nonce = gb_bytes(r->nonce, sizeof r->nonce),
                                .transport = r->transport,
                                .time_s = r->now_s,
                                .issued_s = r->issued_s};
    r->envelope.len = 0;
    envelope_write(&r->envelope, &r->m.bundle);
    assert_true(gb_buf_ok(&r->envelope));
    gb_arena_reset(r->m.arena);
    r->err = (struct gb_err){0};
    int code = envelope_read(r->m.arena, gb_buf_bytes(&r->envelope), &bundle, &r->err);
    if (code == GB_OK)
        code = attest_next(r->m.arena, r->m.digester, &r->trust, &asked, &bundle, &r->held, &after,
                           &r->claims, &r->verdict, &r->err);
    if (code == GB_OK)
        r->held = after;
    else
        assert_int_equal(after.trust_id, 4711); /* untouched */
    issue(r);
    return code;
}

int rounds_run(struct rounds *r)
{
    uint64_t from = 0;
    r->now_s += INTERVAL_S;
    r->m.clock.clock_ms += INTERVAL_S * 1000;
    rounds_quote(r);
    if (progress_continues(&r->held, &r->trust, &from))
        rounds_make_more(r, from);
    else
        rounds_make_whole(r);
    return rounds_send(r);
}

bool rounds_has(const struct rounds *r, enum gb_finding_code code)
{
    for (const struct gb_finding *f = r->verdict.findings.first; f; f = f->next)
        if (f->code == code)
            return true;
    return false;
}

void rounds_assert(const struct rounds *r, enum gb_tier tier)
{
    if (r->verdict.tier == tier)
        return;
    for (const struct gb_finding *f = r->verdict.findings.first; f; f = f->next)
        print_message("%s %s %s %s\n", gb_tier_name(f->tier), gb_link_name(f->link),
                      gb_finding_code_name(f->code), f->args[0] ? f->args[0] : "");
    fail_msg("the verdict is %s, not %s", gb_tier_name(r->verdict.tier), gb_tier_name(tier));
}
