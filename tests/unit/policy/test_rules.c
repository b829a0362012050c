/* The rules of NodePolicy: what is read, what each mistake is told, and that all comes back. */
#include "../test.h"
#include "base/mem.h"
#include "policy/node_policy.h"
#include "policy/policy.h"
#include "policy/rules/rules_read.h"

/* A signer's certificate, line by line: NEWLINE differs between YAML and what it says. */
#define CERTIFICATE(newline)                                                                       \
    "-----BEGIN CERTIFICATE-----" newline                                                          \
    "MIIBeDCCAR2gAwIBAgIUCHcDbXHH+YhcD2kw6fQMWB3c3lgwCgYIKoZIzj0EAwIw" newline                     \
    "EDEOMAwGA1UEAwwFZmlsZXMwIBcNMjYxMTI5MDgzOTA0WhgPMjEyNjExMDUwODM5" newline                     \
    "MDRaMBAxDjAMBgNVBAMMBWZpbGVzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" newline                     \
    "D3A4FVUybYK4fT5FrJRTr9nh+D49DchrJbEhmklMhmg8q/t35TVn9e4J/3bQbZwo" newline                     \
    "h4kmKOoTY6K6d20H7TfDVqNTMFEwHQYDVR0OBBYEFGy4dMVUXptRd2dU7BzwTW7F" newline                     \
    "4oKOMB8GA1UdIwQYMBaAFGy4dMVUXptRd2dU7BzwTW7F4oKOMA8GA1UdEwEB/wQF" newline                     \
    "MAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAM6PoH6bQ8iLI4cSSdXYK9NrrzpNH5+P" newline                     \
    "G1SFSQ3vtaK3AiEAg19CmMPHX96FXXoLeyfcc3BKyqN2pupb9HU/j7bw9w0=" newline                         \
    "-----END CERTIFICATE-----" newline

#define HEAD                                                                                       \
    "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: p\n  version: "       \
    "3\nspec:\n"
#define SHA256_TEXT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SHA384_TEXT SHA256_TEXT "00112233445566778899aabbccddeeff"

static const char full[] =
    HEAD "  secureBoot:\n    state: \"on\"\n    dbx: {contains: [sha256:" SHA256_TEXT "]}\n"
         "    sbat: {shim: 4, grub: 3}\n"
         "  deny:\n    - {sha256: " SHA256_TEXT ", sha384: " SHA384_TEXT ", reason: shim 15}\n"
         "  cmdline: {require: [ima_policy=tcb], allow: [root=*], deny: [init=*]}\n"
         "  optionRoms: known\n"
         "  tpm:\n    hardware: required\n    allow: [{manufacturer: IFX, model: \"SLB*\", "
         "firmware: \">=7.85\"}]\n"
         "    deny: [{model: \"x*\"}]\n"
         "  freshness: 5m\n"
         "  ima:\n    violations: allow\n    criticalData: refuse\n"
         "    exceptions: [{path: /var/tmp/x*, reason: why, until: 2027-01-31}]\n"
         "    signers: [{name: debian, certificate: \"" CERTIFICATE("\\n") "\", paths: [/usr/]}]\n";

static int read_text(struct gb_arena *arena, struct gb_bytes text, struct policy *ret_policy,
                     struct gb_err *err)
{
    const struct policy_file file = {"p.yaml", text};
    return policy_read(arena, &file, 1, 7, ret_policy, err);
}

static void check_boot(const struct node_rules *rules)
{
    assert_int_equal(rules->secure_boot.want, POLICY_ON);
    assert_int_equal(rules->secure_boot.dbx_count, 1);
    assert_int_equal(rules->secure_boot.dbx[0].data[1], 0x11);
    assert_int_equal(rules->secure_boot.sbat_count, 2);
    assert_string_equal(rules->secure_boot.sbat[1].component, "grub");
    assert_int_equal(rules->secure_boot.sbat[1].generation, 3);
    assert_int_equal(rules->deny.count, 1);
    assert_int_equal(rules->deny.key_count, 2);
    assert_string_equal(rules->deny.items[0].reason, "shim 15");
    assert_true(rules->cmdline.given && rules->cmdline.has_allow);
    assert_string_equal(rules->cmdline.require.items[0], "ima_policy=tcb");
    assert_string_equal(rules->cmdline.allow.items[0], "root=*");
    assert_string_equal(rules->cmdline.deny.items[0], "init=*");
    assert_int_equal(rules->option_roms, OPTION_ROMS_KNOWN);
}

static void check_rest(const struct node_rules *rules)
{
    assert_true(rules->tpm.hardware);
    assert_string_equal(rules->tpm.allow[0].firmware, ">=7.85");
    assert_null(rules->tpm.deny[0].manufacturer);
    assert_int_equal(rules->freshness_s, 300);
    assert_true(rules->ima.allow_violations);
    assert_int_equal(rules->ima.critical, CRITICAL_REFUSE);
    assert_string_equal(rules->ima.exceptions[0].reason, "why");
    assert_int_equal(rules->ima.exceptions[0].until_s, 1801440000); /* 2027-02-01 */
    assert_string_equal(rules->ima.signers.items[0].name, "debian");
    assert_true(gb_bytes_is(rules->ima.signers.items[0].certificate, CERTIFICATE("\n")));
    assert_string_equal(rules->ima.signers.items[0].paths[0], "/usr/");
}

static void rules_are_read_and_come_back_as_written(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy, again;
    struct gb_err err = {0};
    struct gb_buf out, twice;
    gb_buf_init(&out, 1 << 16);
    gb_buf_init(&twice, 1 << 16);
    assert_int_equal(read_text(arena, gb_bytes_str(full), &policy, &err), 0);
    check_boot(&policy.policies->rules);
    check_rest(&policy.policies->rules);
    node_policy_write(&out, policy.policies);
    assert_true(gb_buf_ok(&out));
    assert_int_equal(read_text(arena, gb_buf_bytes(&out), &again, &err), 0);
    check_boot(&again.policies->rules);
    check_rest(&again.policies->rules);
    node_policy_write(&twice, again.policies);
    assert_true(gb_bytes_equal(gb_buf_bytes(&out), gb_buf_bytes(&twice)));
    gb_buf_done(&out);
    gb_buf_done(&twice);
    gb_arena_free(arena);
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"  secureBoot: {stat: \"on\"}\n",
         "p.yaml:7: unknown field \"stat\" (did you mean \"state\"?)"},
        {"  secureBoot: {dbx: {contains: [00]}}\n",
         "p.yaml:7: a digest of 64 hex digits is wanted"},
        {"  secureBoot: {sbat: {shim: two}}\n", NULL},
        {"  secureBoot: [a]\n", "p.yaml:7: secureBoot must be a mapping"},
        {"  deny: [{reason: x}]\n", "p.yaml:7: an item of deny needs sha256, sha384 or sha512"},
        {"  deny: [{sha256: " SHA256_TEXT "}]\n", "p.yaml:7: missing field \"reason\""},
        {"  deny: [{sha1: 00, reason: x}]\n", NULL},
        {"  cmdline: {requires: [a]}\n",
         "p.yaml:7: unknown field \"requires\" (did you mean \"require\"?)"},
        {"  cmdline: {deny: [\"\"]}\n", "p.yaml:7: an item of deny must be a text"},
        {"  optionRoms: knwn\n",
         "p.yaml:7: unknown word for option ROMs \"knwn\" (did you mean \"known\"?)"},
        {"  tpm: {hardware: yes}\n",
         "p.yaml:7: unknown word for tpm.hardware \"yes\" (there are: any, required)"},
        {"  tpm: {allow: [{}]}\n", "p.yaml:7: a kind of TPM needs manufacturer, model or firmware"},
        {"  tpm: {deny: [{firmware: \">=7.x\"}]}\n",
         "p.yaml:7: firmware must be a pattern like 7.85.* or a comparison like >=7.85"},
        {"  freshness: soon\n", "p.yaml:7: freshness must be a span like 90s, 5m or 2h"},
        {"  ima: {exceptions: [{path: /a}]}\n", "p.yaml:7: missing field \"reason\""},
        {"  ima: {exceptions: [{path: a, reason: b}]}\n",
         "p.yaml:7: the path of an exception begins with a slash"},
        {"  ima: {exceptions: [{path: /a, reason: b, until: 2027-02-30}]}\n",
         "p.yaml:7: until must be a day like 2027-01-31"},
        {"  ima: {criticalData: knows}\n",
         "p.yaml:7: unknown word for critical data \"knows\" (did you mean \"known\"?)"},
        {"  ima: {signers: [{name: a, certificate: x, paths: []}]}\n",
         "p.yaml:7: paths is empty; leave it out for every path"},
        {"  ima: {signers: [{name: a, certificate: x}, {name: a, certificate: x}]}\n",
         "p.yaml:7: a second signer \"a\""},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        struct gb_arena *arena = gb_arena_new();
        struct policy policy;
        struct gb_err err = {0};
        const char *text = gb_arena_printf(arena, "%s%s", HEAD, rows[i].text);
        assert_int_equal(read_text(arena, gb_bytes_str(text), &policy, &err), GB_ERR_CONFIG);
        if (rows[i].says)
            assert_string_equal(err.text, rows[i].says);
        gb_arena_free(arena);
    }
}

static void too_long_lists_are_refused(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy;
    struct gb_err err = {0};
    struct gb_buf text;
    gb_buf_init(&text, 1 << 20);
    gb_buf_puts(&text, HEAD "  cmdline:\n    deny:\n");
    for (size_t i = 0; i <= GB_LIMIT_RULES; i++)
        gb_buf_puts(&text, "    - a\n");
    assert_int_equal(read_text(arena, gb_buf_bytes(&text), &policy, &err), GB_ERR_CONFIG);
    assert_string_equal(err.text, "p.yaml:8: deny has more than 16384 items");
    gb_buf_done(&text);
    gb_arena_free(arena);
}

static enum tpm_match match(const char *asked, const char *found)
{
    const struct tpm_kind kind = {.firmware = asked};
    const struct tpm_facts facts = {.firmware = found};
    return tpm_kind_match(&kind, &facts);
}

static void T13_firmware_versions_compare_number_by_number(void **state)
{
    (void)state;
    static const char found[] = "7.85.4555.0";
    assert_int_equal(match(">=7.85", found), TPM_MATCH_YES);
    assert_int_equal(match(">=7.9", found), TPM_MATCH_YES);
    assert_int_equal(match(">=7.100", found), TPM_MATCH_NO);
    assert_int_equal(match("<7.86", found), TPM_MATCH_YES);
    assert_int_equal(match("<7.85.4555", found), TPM_MATCH_NO);
    assert_int_equal(match("<=7.85.4555", found), TPM_MATCH_YES);
    assert_int_equal(match(">7.85", found), TPM_MATCH_YES);
    assert_int_equal(match("=7.85.4555", found), TPM_MATCH_YES);
    assert_int_equal(match("7.85.*", found), TPM_MATCH_YES);
    assert_int_equal(match("7.8.*", found), TPM_MATCH_NO);
    assert_int_equal(match(">=1", NULL), TPM_MATCH_UNKNOWN);
    assert_false(tpm_firmware_ok(">="));
    assert_false(tpm_firmware_ok("<7."));
    assert_false(tpm_firmware_ok("<7..1"));
    assert_false(tpm_firmware_ok("=4294967296"));
}

static void days_and_spans_are_read(void **state)
{
    (void)state;
    int64_t s = 0;
    assert_true(rule_day(gb_bytes_str("1970-01-01"), &s) && s == 0);
    assert_true(rule_day(gb_bytes_str("2028-02-29"), &s) && s == 1835395200);
    assert_false(rule_day(gb_bytes_str("2027-02-29"), &s));
    assert_false(rule_day(gb_bytes_str("2027-1-311"), &s));
    assert_false(rule_day(gb_bytes_str("2027-13-01"), &s));
    assert_true(rule_span(gb_bytes_str("2h"), &s) && s == 7200);
    assert_true(rule_span(gb_bytes_str("3650d"), &s));
    assert_false(rule_span(gb_bytes_str("3651d"), &s));
    assert_false(rule_span(gb_bytes_str("0s"), &s));
    assert_false(rule_span(gb_bytes_str("5"), &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_read_and_come_back_as_written),
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(days_and_spans_are_read),
        cmocka_unit_test(too_long_lists_are_refused),
        cmocka_unit_test(T13_firmware_versions_compare_number_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
