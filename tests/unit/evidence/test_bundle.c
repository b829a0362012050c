#include <string.h>

#include "../test.h"
#include "../verify/make_machine.h"

static const enum digest_alg sha256[] = {DIGEST_SHA256, DIGEST_NONE};

static void make(struct machine *m)
{
    machine_init(m, sha256);
    machine_word(m, "enter-initrd", true);
    machine_aggregate(m, DIGEST_SHA256, 9);
    machine_quote(m);
}

static void assert_error(const struct machine *m, int code, const char *text)
{
    struct evidence e = {.has_ima = true};
    struct gb_err err = {.offset = GB_NO_OFFSET};
    assert_int_equal(bundle_read(m->arena, &m->bundle, &e, &err), code);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
    assert_true(e.has_ima); /* untouched */
}

static void all_parts_are_read(void **state)
{
    (void)state;
    struct machine m;
    struct evidence e;
    make(&m);
    assert_int_equal(bundle_read(m.arena, &m.bundle, &e, NULL), GB_OK);
    assert_ptr_equal(e.raw, &m.bundle);
    assert_int_equal(e.attest.type, TPM_ST_ATTEST_QUOTE);
    assert_int_equal(e.signature.scheme_id, KEY_ECDSA);
    assert_true(e.has_ak_public);
    assert_int_equal(e.pcrs.banks[0].mask, 0xffffff);
    assert_true(e.has_boot_log);
    assert_int_equal(e.boot_log.count, 12);
    assert_true(e.has_systemd_log);
    assert_int_equal(e.systemd_log.count, 1);
    assert_true(e.has_ima);
    assert_int_equal(e.ima.count, 1);
    assert_ptr_equal(e.quirks.arena, m.arena);
    machine_done(&m);
}

static void parts_that_must_be_there_are_named(void **state)
{
    (void)state;
    struct machine m;
    const struct gb_bytes none = gb_bytes(NULL, 0);
    make(&m);
    struct bundle whole = m.bundle;
    m.bundle.quote = none;
    assert_error(&m, GB_ERR_NOTFOUND, "quote.msg");
    m.bundle = whole;
    m.bundle.signature = none;
    assert_error(&m, GB_ERR_NOTFOUND, "quote.sig");
    m.bundle = whole;
    m.bundle.ak_public = none;
    assert_error(&m, GB_ERR_NOTFOUND, "ak.pem");
    m.bundle = whole;
    m.bundle.pcrs_text = none;
    assert_error(&m, GB_ERR_NOTFOUND, "quote.pcrs");
    m.bundle = whole;
    m.bundle.boot_log = m.bundle.systemd_log = m.bundle.ima = none;
    struct evidence e;
    assert_int_equal(bundle_read(m.arena, &m.bundle, &e, NULL), GB_OK);
    assert_false(e.has_boot_log || e.has_systemd_log || e.has_ima);
    machine_done(&m);
}

static void errors_name_the_file(void **state)
{
    (void)state;
    struct machine m;
    make(&m);
    static const struct {
        size_t member;
        const char *text;
    } parts[] = {
        {offsetof(struct bundle, quote), "quote.msg: "},
        {offsetof(struct bundle, signature), "quote.sig: "},
        {offsetof(struct bundle, ak_public), "ak.pub: "},
        {offsetof(struct bundle, boot_log), "eventlog.bin: event"},
        {offsetof(struct bundle, systemd_log), "tpm2-measure.log: record"},
        {offsetof(struct bundle, ima), "ima_binary: entry"},
    };
    struct bundle whole = m.bundle;
    for (size_t i = 0; i < GB_ARRAY_LEN(parts); i++) {
        m.bundle = whole;
        struct gb_bytes *part = (struct gb_bytes *)(void *)((char *)&m.bundle + parts[i].member);
        part->len -= 3;
        assert_error(&m, GB_ERR_INPUT, parts[i].text);
    }
    m.bundle = whole;
    m.bundle.pcrs_text = gb_bytes_str("0: 0x00\n");
    assert_error(&m, GB_ERR_INPUT, "pcrs.yaml: line 1");
    m.bundle = whole;
    m.bundle.ima = gb_bytes_str("10 nonsense\n");
    assert_error(&m, GB_ERR_INPUT, "ima_ascii: ");
    m.bundle = whole;
    m.bundle.pcrs_text = gb_bytes(NULL, 0);
    m.bundle.pcrs_tools = gb_bytes_str("short");
    assert_error(&m, GB_ERR_INPUT, "quote.pcrs: ");
    machine_done(&m);
}

static void parts_have_ceilings(void **state)
{
    (void)state;
    static const uint8_t big[GB_LIMIT_PUBLIC + 1];
    struct machine m;
    make(&m);
    struct bundle whole = m.bundle;
    m.bundle.quote = gb_bytes(big, sizeof big);
    assert_error(&m, GB_ERR_LIMIT, "quote.msg: more than 4096 bytes");
    m.bundle = whole;
    m.bundle.ak_pem = gb_bytes(big, sizeof big);
    assert_error(&m, GB_ERR_LIMIT, "ak.pem: more than 4096 bytes");
    machine_done(&m);
}

static void values_of_tpm2_quote_stand_in_for_the_text(void **state)
{
    (void)state;
    struct machine m;
    struct evidence e;
    make(&m);
    uint8_t values[24 * 32];
    for (size_t i = 0; i < 24; i++)
        memcpy(values + 32 * i, m.pcrs.banks[0].value[i], 32);
    m.bundle.pcrs_text = gb_bytes(NULL, 0);
    m.bundle.pcrs_tools = gb_bytes(values, sizeof values);
    assert_int_equal(bundle_read(m.arena, &m.bundle, &e, NULL), GB_OK);
    assert_memory_equal(e.pcrs.banks[0].value[4], m.pcrs.banks[0].value[4], 32);
    machine_done(&m);
}

/* T07: what it is will be said by verify(), whatever its body. */
static void T07_another_attestation_is_read_up_to_its_type(void **state)
{
    (void)state;
    struct machine m;
    struct evidence e;
    make(&m);
    m.quote.data[5] = 0x17;
    assert_int_equal(bundle_read(m.arena, &m.bundle, &e, NULL), GB_OK);
    assert_int_equal(e.attest.type, TPM_ST_ATTEST_CERTIFY);
    assert_int_equal(e.attest.certify.name.len, 0);
    machine_done(&m);
}

static void raw_values_follow_the_selection(void **state)
{
    (void)state;
    static uint8_t values[24 * 32 + 1];
    struct machine m;
    struct evidence e;
    make(&m);
    memcpy(values + 5 * 32, "five", 4);
    m.bundle.pcrs_text = gb_bytes(NULL, 0);
    m.bundle.pcrs_raw = gb_bytes(values, 24 * 32);
    assert_int_equal(bundle_read(m.arena, &m.bundle, &e, NULL), GB_OK);
    assert_int_equal(e.pcrs.count, 1);
    assert_int_equal(e.pcrs.banks[0].mask, 0xffffff);
    assert_memory_equal(e.pcrs.banks[0].value[5], "five", 4);
    m.bundle.pcrs_raw.len--;
    assert_error(&m, GB_ERR_INPUT, "PCR values");
    m.bundle.pcrs_raw.len += 2;
    assert_error(&m, GB_ERR_INPUT, "PCR values");
    machine_done(&m);
}

static void a_list_may_begin_in_the_middle(void **state)
{
    (void)state;
    struct machine m;
    struct evidence e;
    make(&m);
    m.bundle.ima_from = 41;
    assert_int_equal(bundle_read(m.arena, &m.bundle, &e, NULL), GB_OK);
    assert_int_equal(e.ima.first, 41);
    m.bundle.ima_from = UINT64_C(1) << 40;
    assert_error(&m, GB_ERR_LIMIT, "begins above");
    m.bundle.ima_from = 0;
    m.bundle.boot_log_digest = gb_bytes("short", 5);
    assert_error(&m, GB_ERR_INPUT, "digest");
    machine_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts_are_read),
        cmocka_unit_test(raw_values_follow_the_selection),
        cmocka_unit_test(a_list_may_begin_in_the_middle),
        cmocka_unit_test(parts_that_must_be_there_are_named),
        cmocka_unit_test(errors_name_the_file),
        cmocka_unit_test(parts_have_ceilings),
        cmocka_unit_test(values_of_tpm2_quote_stand_in_for_the_text),
        cmocka_unit_test(T07_another_attestation_is_read_up_to_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
