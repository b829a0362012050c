/* Known answers: every boot log of the folder of vectors, against the PCR values that others
 * published for it or replayed from it. */
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "os/file.h"
#include "verify/event_data.h"
#include "verify/replay_boot.h"
#include "wire/json.h"

struct fixture {
    struct gb_arena *arena;
    struct digester *digester;
    struct gb_findings findings;
    struct eventlog log;
    struct pcr_values pcrs;
};

static void begin(struct fixture *f)
{
    *f = (struct fixture){.arena = gb_arena_new()};
    assert_non_null(f->arena);
    assert_int_equal(digester_new(&f->digester, NULL), GB_OK);
    f->findings.arena = f->arena;
}

static void end(struct fixture *f)
{
    digester_free(f->digester);
    gb_arena_free(f->arena);
}

static int read_log(struct fixture *f, const char *folder, const char *name, struct gb_err *err)
{
    struct gb_bytes bytes;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_read(f->arena, path, GB_LIMIT_BOOT_LOG, &bytes, NULL), GB_OK);
    return eventlog_read(f->arena, bytes, &f->log, &f->findings, err);
}

static int judge(struct fixture *f)
{
    assert_int_equal(replay_boot(f->digester, &f->log, &f->pcrs, NULL), GB_OK);
    return event_log_judge(f->arena, f->digester, &f->log, NULL, &f->findings, NULL);
}

/* Compares the values that `expected` names; returns how many it named. */
static size_t compare_pcrs(struct fixture *f, const struct json *expected, const char *name)
{
    size_t compared = 0;
    for (size_t a = 0; a < DIGEST_ALGS; a++) {
        const struct json *want = json_get(expected, digest_name(digest_algs[a]));
        const struct pcr_bank *bank = pcr_bank_get(&f->pcrs, digest_algs[a]);
        for (uint32_t pcr = 0; want && pcr < GB_LIMIT_PCRS; pcr++) {
            char number[4];
            struct gb_bytes hex;
            uint8_t value[GB_LIMIT_DIGEST];
            snprintf(number, sizeof number, "%u", pcr);
            if (!json_get_text(want, number, &hex))
                continue;
            if (gb_bytes_starts(hex, gb_bytes_str("0x")))
                hex = gb_bytes_from(hex, 2);
            size_t size = digest_size(digest_algs[a]);
            assert_true(gb_hex_decode(hex, value, size));
            assert_non_null(bank);
            if (!(bank->mask >> pcr & 1) || memcmp(bank->value[pcr], value, size) != 0)
                fail_msg("%s: PCR %u of %s differs", name, pcr, digest_name(digest_algs[a]));
            compared++;
        }
    }
    return compared;
}

static size_t extended(const struct pcr_values *pcrs)
{
    size_t n = 0;
    for (size_t b = 0; b < pcrs->count; b++)
        n += (size_t)__builtin_popcount(pcrs->banks[b].mask);
    return n;
}

/* Returns how many values others published for this log. */
static size_t check_one(const char *folder, const char *name, const struct json *expected)
{
    struct fixture f;
    struct gb_err err;
    uint64_t events = 0;
    uint64_t locality = 0;
    begin(&f);
    int r = read_log(&f, folder, name, &err);
    if (json_get(expected, "replay_error")) {
        assert_int_equal(r, GB_ERR_INPUT);
        end(&f);
        return 0;
    }
    if (r < 0)
        fail_msg("%s: %s", name, err.text);
    assert_int_equal(judge(&f), GB_OK);
    assert_true(json_get_number(expected, "events", &events));
    assert_true(json_get_number(expected, "startup_locality", &locality));
    if (f.log.count != events || f.log.startup_locality != locality)
        fail_msg("%s: %zu events, locality %u", name, f.log.count, f.log.startup_locality);
    assert_int_equal(compare_pcrs(&f, json_get(expected, "pcrs"), name), extended(&f.pcrs));
    size_t published = compare_pcrs(&f, json_get(expected, "published_pcrs"), name);
    for (const struct gb_finding *x = f.findings.first; x; x = x->next)
        if (x->tier == GB_TIER_CONTRAINDICATED && x->code != GB_FINDING_LOG_EMPTY)
            fail_msg("%s: event %u: %s", name, x->event.index, gb_finding_code_name(x->code));
    end(&f);
    return published;
}

/* The names are the keys of one object; json.h reads members by name only, so they stand here. */
static const char *const logs[] = {
    "google_go-eventlog/testdata/eventlogs/ccel/CCEL.bin",
    "google_go-eventlog/testdata/eventlogs/ccel/CCEL_unpadded.data.bin",
    "google_go-eventlog/testdata/eventlogs/ccel/cos-113-intel-tdx-dupe-separator-unpadded.bin",
    "google_go-eventlog/testdata/eventlogs/ccel/cos-113-intel-tdx-dupe-separator.bin",
    "google_go-eventlog/testdata/eventlogs/ccel/cos-113-intel-tdx.bin",
    "google_go-eventlog/testdata/eventlogs/ccel/cos-113-intel-tdx.table.bin",
    "google_go-eventlog/testdata/eventlogs/ccel/event_log.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/arch-linux-workstation.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/cos-101-amd-sev.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/cos-85-amd-sev.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/cos-93-amd-sev.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/debian-10.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/glinux-alex.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/rhel8-uefi.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/ubuntu-1804-amd-sev.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/ubuntu-2104-no-dbx.bin",
    "google_go-eventlog/testdata/eventlogs/tpm/ubuntu-2104-no-secure-boot.bin",
    "google_go-eventlog/testdata/legacydata/coreos_36_shielded_vm_no_secure_boot_eventlog",
    "google_go-eventlog/testdata/legacydata/crypto_agile_eventlog",
    "google_go-eventlog/testdata/legacydata/ebs_event_missing_eventlog",
    "google_go-eventlog/testdata/legacydata/option_rom_eventlog",
    "google_go-eventlog/testdata/legacydata/sb_cert_eventlog",
    "google_go-eventlog/testdata/legacydata/short_no_action_eventlog",
    "google_go-eventlog/testdata/legacydata/ubuntu_2104_shielded_vm_no_secure_boot_eventlog",
    "ibmtss/utils/amd635.log",
    "ibmtss/utils/deb1.log",
    "ibmtss/utils/deb2.log",
    "ibmtss/utils/dell1.log",
    "ibmtss/utils/hp1.log",
    "ibmtss/utils/ideapad1.log",
    "ibmtss/utils/p511.log",
    "ibmtss/utils/sm1.log",
    "ibmtss/utils/sm2.log",
    "ibmtss/utils/ubuntu1.log",
    "ibmtss/utils/ubuntu2.log",
    "ibmtss/utils/ubuntu3.log",
    "keylime_keylime/test/data/create-mb-policy/binary_bios_measurements",
    "keylime_keylime/test/data/create-mb-policy/binary_bios_measurements-bogus",
    "keylime_keylime/test/data/create-mb-policy/binary_bios_measurements-empty",
    "keylime_keylime/test/data/create-mb-policy/binary_bios_measurements-secureboot",
    "tpm2-tools/test/integration/fixtures/ek-template-default.bin",
    "tpm2-tools/test/integration/fixtures/event-arch-linux.bin",
    "tpm2-tools/test/integration/fixtures/event-bootorder.bin",
    "tpm2-tools/test/integration/fixtures/event-gce-ubuntu-2104-log.bin",
    "tpm2-tools/test/integration/fixtures/event-moklisttrusted.bin",
    "tpm2-tools/test/integration/fixtures/event-postcode.bin",
    "tpm2-tools/test/integration/fixtures/event-sd-boot-fedora37.bin",
    "tpm2-tools/test/integration/fixtures/event-uefi-sha1-log.bin",
    "tpm2-tools/test/integration/fixtures/event-uefiaction.bin",
    "tpm2-tools/test/integration/fixtures/event-uefiservices.bin",
    "tpm2-tools/test/integration/fixtures/event-uefivar.bin",
    "tpm2-tools/test/integration/fixtures/event.bin",
    "tpm2-tools/test/integration/fixtures/get-capability-tpm-prop-fixed.bin",
    "tpm2-tools/test/integration/fixtures/specid-vendordata.bin",
};

static void every_log_replays_to_its_known_values(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(folder);
    struct gb_arena *arena = gb_arena_new();
    struct gb_bytes text;
    struct json *all = NULL;
    char path[512];
    size_t published = 0;
    snprintf(path, sizeof path, "%s/expected_eventlogs.json", folder);
    assert_int_equal(file_read(arena, path, 16 << 20, &text, NULL), GB_OK);
    assert_int_equal(json_read(text, &all, NULL), GB_OK);
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        const struct json *expected = json_get(all, logs[i]);
        assert_non_null(expected);
        published += check_one(folder, logs[i], expected);
    }
    assert_int_equal(published, 320);
    json_free(all);
    gb_arena_free(arena);
}

static enum gb_tier tier_of_boot(const char *folder, const char *name, size_t *ret_lies)
{
    struct fixture f;
    begin(&f);
    *ret_lies = 0;
    assert_int_equal(read_log(&f, folder, name, NULL), GB_OK);
    assert_int_equal(judge(&f), GB_OK);
    for (const struct gb_finding *x = f.findings.first; x; x = x->next)
        *ret_lies += x->code == GB_FINDING_EVENT_DATA;
    enum gb_tier worst = f.findings.worst;
    end(&f);
    return worst;
}

static void good_boots_are_affirming(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(folder);
    static const char *const good[] = {"01-uki-good",    "03-uki-cmdline",     "08-uki-evil-binary",
                                       "17-uki-crb-ecc", "22-uki-sb-snakeoil", "24-grub-sb-ms"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char name[64];
        size_t lies;
        snprintf(name, sizeof name, "boot/%s/eventlog.bin", good[i]);
        assert_true(tier_of_boot(folder, name, &lies) <= GB_TIER_AFFIRMING);
    }
}

static void T09_words_that_lie_are_found(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(folder);
    size_t lies;
    assert_int_equal(tier_of_boot(folder, "boot/44-forged-event-data-lies/eventlog.bin", &lies),
                     GB_TIER_CONTRAINDICATED);
    assert_int_equal(lies, 3);
}

static void T11_an_event_larger_than_the_log_is_refused(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(folder);
    struct fixture f;
    struct gb_err err;
    begin(&f);
    assert_int_equal(read_log(&f, folder, "boot/47-malformed-eventlog-size/eventlog.bin", &err),
                     GB_ERR_INPUT);
    assert_int_equal(err.offset, 387);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_log_replays_to_its_known_values),
        cmocka_unit_test(good_boots_are_affirming),
        cmocka_unit_test(T09_words_that_lie_are_found),
        cmocka_unit_test(T11_an_event_larger_than_the_log_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
