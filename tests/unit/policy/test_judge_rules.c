/* Rules of NodePolicy against small synthetic boots: each both ways. */
#include "../test.h"
#include "base/encode.h"
#include "base/mem.h"
#include "evidence/uefi.h"
#include "make_claims.h"

static const struct node_policy plain = {.name = "nodes", .version = 4};

static struct verdict judge(struct make *make, const struct node_policy *node)
{
    const struct policy policy = {.policies = node};
    struct verdict verdict = {0};
    struct gb_err err = {0};
    int r = appraise(make->arena, &policy, &make->claims, &verdict, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    return verdict;
}

static bool says(struct make *make, const struct node_policy *node, enum gb_link link,
                 enum gb_finding_code code)
{
    struct verdict verdict = judge(make, node);
    return make_count(&verdict, link, code) > 0;
}

/* ---- variables ---- */

static struct measured *make_variable(struct make *make, uint32_t type,
                                      const struct uefi_guid *guid, const char *name,
                                      struct gb_bytes data)
{
    struct gb_buf buf;
    struct gb_bytes wide;
    gb_buf_init(&buf, 4096);
    assert_true(gb_utf16_encode(make->arena, gb_bytes_str(name), &wide));
    gb_buf_add(&buf, guid->bytes, 16);
    gb_buf_u32le(&buf, (uint32_t)strlen(name));
    gb_buf_u32le(&buf, 0);
    gb_buf_u32le(&buf, (uint32_t)data.len);
    gb_buf_u32le(&buf, 0);
    gb_buf_add(&buf, wide.data, wide.len - 2);
    gb_buf_add(&buf, data.data, data.len);
    struct measured *m = make_event(make, 7, type, name, "", true);
    m->data = gb_arena_copy(make->arena, gb_buf_bytes(&buf));
    gb_buf_done(&buf);
    return m;
}

/* An EFI_SIGNATURE_LIST of SHA-256 digests; `header` bytes of a signature header before them. */
static struct gb_bytes signatures(struct make *make, const char *word, uint32_t header,
                                  uint32_t signature_size)
{
    struct gb_buf buf;
    gb_buf_init(&buf, 4096);
    gb_buf_add(&buf, UEFI_CERT_SHA256.bytes, 16);
    gb_buf_u32le(&buf, 28 + header + 48);
    gb_buf_u32le(&buf, header);
    gb_buf_u32le(&buf, signature_size);
    for (uint32_t i = 0; i < header; i++)
        gb_buf_u8(&buf, 0);
    for (int i = 0; i < 16; i++)
        gb_buf_u8(&buf, 0x77); /* the owner */
    struct gb_bytes digest = make_digest(make->arena, word);
    gb_buf_add(&buf, digest.data, digest.len);
    struct gb_bytes out = gb_arena_copy(make->arena, gb_buf_bytes(&buf));
    gb_buf_done(&buf);
    return out;
}

static void make_dbx(struct make *make, struct gb_bytes lists)
{
    make_variable(make, EV_EFI_VARIABLE_DRIVER_CONFIG, &UEFI_IMAGE_SECURITY_DB, "dbx", lists);
}

static struct node_policy wants_dbx(struct make *make, const char *word)
{
    struct node_policy node = plain;
    struct gb_bytes *digest = gb_arena_new_one(make->arena, struct gb_bytes);
    *digest = make_digest(make->arena, word);
    node.rules.secure_boot.dbx = digest;
    node.rules.secure_boot.dbx_count = 1;
    return node;
}

static void begin(struct make *make)
{
    make_init(make);
    make_secure_boot(make, 1);
}

static void T30_dbx_must_hold_what_the_policy_names(void **state)
{
    (void)state;
    struct make make;
    begin(&make);
    make_dbx(&make, signatures(&make, "bad shim", 0, 48));
    struct node_policy node = wants_dbx(&make, "bad shim");
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_OK));
    node = wants_dbx(&make, "another");
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_LACKS));
    /* Every dbx of the first run must hold it. */
    make_dbx(&make, signatures(&make, "another", 0, 48));
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_LACKS));
    make_done(&make);
}

static void T10_what_was_not_measured_as_dbx_does_not_count(void **state)
{
    (void)state;
    struct make make;
    begin(&make);
    struct node_policy node = wants_dbx(&make, "bad shim");
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_UNPROVEN));
    /* The digest does not cover the words. */
    make_dbx(&make, signatures(&make, "bad shim", 0, 48));
    make.boot[make.claims.boot_count - 1].data_proven = false;
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_UNPROVEN));
    /* After the firmware's own run anybody can extend PCR 7. */
    make_dbx(&make, signatures(&make, "bad shim", 0, 48));
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_UNPROVEN));
    make_done(&make);
}

static void T10_injected_entries_of_dbx_do_not_count(void **state)
{
    (void)state;
    struct make make;
    begin(&make);
    struct node_policy node = wants_dbx(&make, "bad shim");
    /* The header is honoured: the digest stands behind it. */
    make_dbx(&make, signatures(&make, "bad shim", 5, 48));
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_OK));
    /* 40 bytes an entry do not add up: the whole list holds nothing. */
    make.claims.boot_count--;
    make_dbx(&make, signatures(&make, "bad shim", 0, 40));
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_UNPROVEN));
    /* A digest inside a certificate is no entry. */
    make.claims.boot_count--;
    struct gb_bytes lists = signatures(&make, "bad shim", 0, 48);
    uint8_t *bytes = gb_arena_alloc(make.arena, lists.len, 1);
    memcpy(bytes, lists.data, lists.len);
    memcpy(bytes, UEFI_CERT_X509.bytes, 16);
    make_dbx(&make, gb_bytes(bytes, lists.len));
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_DBX_LACKS));
    make_done(&make);
}

static void T30_sbat_must_demand_the_generations(void **state)
{
    (void)state;
    static const struct sbat_rule rules[] = {{"shim", 2}, {"grub", 3}};
    struct make make;
    begin(&make);
    struct node_policy node = plain;
    node.rules.secure_boot.sbat = rules;
    node.rules.secure_boot.sbat_count = 2;
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_SBAT_UNPROVEN));
    make_variable(&make, EV_EFI_VARIABLE_AUTHORITY, &UEFI_SHIM_LOCK, "SbatLevel",
                  gb_bytes_str("sbat,1,2023012900\nshim,2\ngrub,3\n"));
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_SBAT_OK));
    /* A second one does not mend the first, nor the other way round. */
    make_variable(&make, EV_EFI_VARIABLE_AUTHORITY, &UEFI_SHIM_LOCK, "SbatLevel",
                  gb_bytes_str("sbat,1,2021030218\nshim,2\n"));
    assert_true(says(&make, &node, GB_LINK_BOOT_POLICY, GB_FINDING_SBAT_OLD));
    make_done(&make);
}

/* ---- deny ---- */

static void T30_denied_digests_are_refused_whatever_sets_say(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "root=/dev/sda1 ima_policy=tcb");
    make_file(&make, "tool", "/usr/bin/tool");
    const struct ref_set *sets = make_sets(&make, true, true, true);
    struct deny_rule rule = {.digest = {[1] = make_digest(make.arena, "shim")},
                             .reason = "CVE-2020-10713"};
    struct deny_key key = {.digest = rule.digest[1], .rule = &rule};
    struct node_policy node = plain;
    node.rules.deny = (struct deny_rules){.items = &rule, .count = 1, .keys = &key, .key_count = 1};
    const struct policy policy = {.policies = &node, .sets = sets};
    struct verdict verdict;
    assert_int_equal(appraise(make.arena, &policy, &make.claims, &verdict, NULL), 0);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_DENIED), 1);
    assert_non_null(
        strstr(make_message(make.arena, &verdict, GB_LINK_BOOTLOADER, GB_FINDING_DENIED),
               "CVE-2020-10713"));
    /* A file. */
    key.digest = rule.digest[1] = make_digest(make.arena, "tool");
    assert_int_equal(appraise(make.arena, &policy, &make.claims, &verdict, NULL), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_DENIED), 1);
    /* Nothing of it is here. */
    key.digest = rule.digest[1] = make_digest(make.arena, "elsewhere");
    assert_int_equal(appraise(make.arena, &policy, &make.claims, &verdict, NULL), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_DENIED), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_DENIED), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_DENY_UNPROVEN), 0);
    make_done(&make);
}

static void T30_a_bank_that_hides_denied_digests_is_refused(void **state)
{
    (void)state;
    static const uint8_t longer[48] = {1};
    struct make make;
    make_init(&make);
    make_firmware(&make);
    struct deny_rule rule = {.digest = {[2] = gb_bytes(longer, 48)}, .reason = "why"};
    struct deny_key key = {.digest = rule.digest[2], .rule = &rule};
    struct node_policy node = plain;
    node.rules.deny = (struct deny_rules){.items = &rule, .count = 1, .keys = &key, .key_count = 1};
    assert_true(says(&make, &node, GB_LINK_BOOTLOADER, GB_FINDING_DENY_UNPROVEN));
    rule.digest[1] = make_digest(make.arena, "elsewhere");
    assert_false(says(&make, &node, GB_LINK_BOOTLOADER, GB_FINDING_DENY_UNPROVEN));
    make_done(&make);
}

/* The list may know a thing by another algorithm than that which all is judged in. */
static void T30_every_proven_bank_is_compared(void **state)
{
    (void)state;
    for (size_t alg = 2; alg < DIGEST_ALGS; alg++) {
        uint8_t longer[64] = {1};
        struct make make;
        make_init(&make);
        make_firmware(&make);
        const struct gb_bytes digest = gb_bytes(longer, digest_size(digest_algs[alg]));
        struct deny_rule rule = {.reason = "why"};
        struct deny_key key = {.digest = digest, .rule = &rule};
        struct node_policy node = plain;
        rule.digest[alg] = digest;
        node.rules.deny =
            (struct deny_rules){.items = &rule, .count = 1, .keys = &key, .key_count = 1};
        assert_false(says(&make, &node, GB_LINK_FIRMWARE, GB_FINDING_DENIED));
        for (size_t i = 0; i < make.claims.boot_count; i++)
            if (make.claims.boot[i].pcr == 0)
                make.boot[i].others[alg] = digest;
        assert_true(says(&make, &node, GB_LINK_FIRMWARE, GB_FINDING_DENIED));
        make_done(&make);
    }
}

/* ---- cmdline ---- */

static const char *const required[] = {"ima_policy=tcb"};
static const char *const allowed[] = {"root=*", "quiet"};
static const char *const denied[] = {"init=*", "ima_appraise=off"};

static struct node_policy words(bool allow)
{
    struct node_policy node = plain;
    node.rules.cmdline = (struct cmdline_rule){.given = true,
                                               .has_allow = allow,
                                               .require = {required, 1},
                                               .allow = {allowed, 2},
                                               .deny = {denied, 2}};
    return node;
}

static bool cmdline_says(const char *text, bool allow, enum gb_finding_code code)
{
    struct make make;
    make_init(&make);
    make_uki(&make, "any", text);
    struct node_policy node = words(allow);
    bool said = says(&make, &node, GB_LINK_CMDLINE, code);
    make_done(&make);
    return said;
}

static void words_of_the_command_line_are_judged(void **state)
{
    (void)state;
    assert_true(cmdline_says("root=/dev/sda quiet ima_policy=tcb", true, GB_FINDING_CMDLINE_OK));
    assert_true(cmdline_says("debug ima_policy=tcb", false, GB_FINDING_CMDLINE_OK));
    assert_true(cmdline_says("debug ima_policy=tcb", true, GB_FINDING_CMDLINE_NOT_ALLOWED));
    assert_true(cmdline_says("quiet", true, GB_FINDING_CMDLINE_LACKS));
    assert_true(cmdline_says("quiet -- ima_policy=tcb", true, GB_FINDING_CMDLINE_LACKS));
    assert_true(cmdline_says("ima-policy=tcb", false, GB_FINDING_CMDLINE_LACKS));
    assert_true(cmdline_says(NULL, false, GB_FINDING_CMDLINE_UNPROVEN));
}

/* To the kernel these are the same. */
static void denied_words_are_found_in_other_spellings(void **state)
{
    (void)state;
    assert_true(cmdline_says("ima_policy=tcb init=/bin/sh", false, GB_FINDING_CMDLINE_DENIED));
    assert_true(cmdline_says("ima_policy=tcb \"init=/bin/sh\"", false, GB_FINDING_CMDLINE_DENIED));
    assert_true(cmdline_says("ima_policy=tcb init=\"/bin/sh\"", false, GB_FINDING_CMDLINE_DENIED));
    assert_true(cmdline_says("ima_policy=tcb ima-appraise=off", false, GB_FINDING_CMDLINE_DENIED));
    assert_false(cmdline_says("ima_policy=tcb rdinit=/x", false, GB_FINDING_CMDLINE_DENIED));
}

static void the_command_line_of_grub_is_judged_without_its_path(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "root=/dev/sda1 ima_policy=tcb");
    struct node_policy node = words(true);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK));
    make_done(&make);
}

/* An event that the node words as it likes; its digest and its PCR are what was measured. */
static void reword(struct make *make, size_t at, const char *data, bool proven)
{
    make->boot[at].type = EV_IPL;
    make->boot[at].data = gb_arena_copy(make->arena, gb_bytes_str(data));
    make->boot[at].data_proven = proven;
}

/* A text of a loader's, or of anybody's who could measure into PCR 12. */
static void make_override(struct make *make, const char *text)
{
    struct gb_bytes wide;
    assert_true(gb_utf16_encode(make->arena, gb_bytes_str(text), &wide));
    make_event(make, 12, EV_IPL, text, "", true)->data = wide;
}

static void T09_a_stubs_measurement_under_another_name_hides_no_command_line(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_efi_stub(&make, "debug", NULL);
    make_override(&make, "ima_policy=tcb root=/dev/sda");
    reword(&make, make.claims.cmdline_at, "/a/file", false);
    struct node_policy node = words(true);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_UNPROVEN));
    assert_false(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK));
    /* Under any name it is the command line where its text is proven. */
    make.claims.cmdline = gb_bytes_str("debug ima_policy=tcb");
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_NOT_ALLOWED));
    make.claims.cmdline = gb_bytes_str("quiet ima_policy=tcb");
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK));
    make_done(&make);
}

/* Who runs can measure into PCR 9 what another kernel was told, and say that its stub did. */
static void T09_what_was_measured_after_the_stub_is_no_command_line(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_uki(&make, "debug", "quiet ima_policy=tcb");
    reword(&make, make.claims.cmdline_at, "/a/file", false);
    make.claims.cmdline_at = make.claims.boot_count;
    make_load_options(&make, "options quiet");
    struct node_policy node = words(true);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_UNPROVEN));
    make_done(&make);
}

static size_t find_cmdline(const struct make *make)
{
    size_t at = 0;
    while (!gb_bytes_starts(make->boot[at].data, gb_bytes_str("kernel_cmdline: ")))
        at++;
    return at;
}

static void T09_grubs_command_line_is_one_whatever_the_log_calls_it(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "debug ima_policy=tcb");
    make_override(&make, "ima_policy=tcb root=/dev/sda");
    size_t at = find_cmdline(&make);
    struct node_policy node = words(true);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_NOT_ALLOWED));
    /* The prefix is not measured. */
    reword(&make, at, "grub_cmd: /vmlinuz debug ima_policy=tcb", true);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_NOT_ALLOWED));
    /* Neither is the type. */
    reword(&make, at, "/vmlinuz debug ima_policy=tcb", true);
    make.boot[at].type = EV_EFI_ACTION;
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_NOT_ALLOWED));
    /* Words without their digest may hide it. */
    reword(&make, at, "something else", false);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_UNPROVEN));
    assert_false(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK));
    make_done(&make);
}

/* GRUB measures its commands as it measures command lines. */
static void T09_a_command_is_no_command_line(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "ima_policy=tcb");
    reword(&make, find_cmdline(&make), "kernel_cmdline: echo ima_policy=tcb", true);
    struct node_policy node = words(false);
    assert_false(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK));
    make_done(&make);
}

/* systemd-boot and a kernel before 6.1, which measures nothing itself. */
static void an_older_kernels_command_line_is_its_loaders(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_firmware(&make);
    make_image(&make, "systemd-boot");
    make_override(&make, "ima_policy=tcb root=/dev/sda");
    make_image(&make, "kernel");
    struct node_policy node = words(true);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK));
    make_initrd(&make, "initrd"); /* or anything */
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_UNPROVEN));
    make_done(&make);
}

/* What an addon adds is judged, and need not say all. */
static void an_addon_need_not_say_what_is_required(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_uki(&make, "any", "ima_policy=tcb quiet");
    make_override(&make, "quiet");
    struct node_policy node = words(true);
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK));
    make_override(&make, "debug");
    assert_true(says(&make, &node, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_NOT_ALLOWED));
    make_done(&make);
}

/* ---- option ROMs ---- */

static void option_roms_are_known_or_none(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_firmware(&make);
    struct node_policy node = plain;
    node.rules.option_roms = OPTION_ROMS_NONE;
    assert_true(says(&make, &node, GB_LINK_OPTION_ROMS, GB_FINDING_ROM_OK));
    make_event(&make, 2, EV_EFI_BOOT_SERVICES_DRIVER, "rom", "", false);
    assert_true(says(&make, &node, GB_LINK_OPTION_ROMS, GB_FINDING_ROM_PRESENT));
    node.rules.option_roms = OPTION_ROMS_KNOWN;
    assert_true(says(&make, &node, GB_LINK_OPTION_ROMS, GB_FINDING_ROM_UNKNOWN));
    const struct policy policy = {.policies = &node, .sets = make_sets(&make, true, false, false)};
    struct verdict verdict;
    assert_int_equal(appraise(make.arena, &policy, &make.claims, &verdict, NULL), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_OPTION_ROMS, GB_FINDING_ROM_OK), 1);
    make_event(&make, 2, EV_EFI_BOOT_SERVICES_DRIVER, "another", "", false);
    assert_int_equal(appraise(make.arena, &policy, &make.claims, &verdict, NULL), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_OPTION_ROMS, GB_FINDING_ROM_UNKNOWN), 1);
    make_done(&make);
}

/* ---- TPMs ---- */

static bool tpm_says(const struct tpm_facts *facts, bool allow, enum gb_finding_code code)
{
    static const struct tpm_kind good[] = {{.manufacturer = "IFX", .firmware = ">=7.85"}};
    static const struct tpm_kind bad[] = {{.manufacturer = "AMD"}};
    struct make make;
    begin(&make);
    make.claims.tpm = *facts;
    struct node_policy node = plain;
    node.rules.tpm = (struct tpm_rule){
        .has_allow = allow, .allow = good, .allow_count = 1, .deny = bad, .deny_count = 1};
    bool said = says(&make, &node, GB_LINK_IDENTITY, code);
    make_done(&make);
    return said;
}

static void T13_kinds_of_tpms_are_allowed_and_denied(void **state)
{
    (void)state;
    static const struct tpm_facts good = {"IFX", "SLB9670", "7.85.4555.0"};
    static const struct tpm_facts old = {"IFX", "SLB9670", "7.40.1.0"};
    static const struct tpm_facts weak = {"AMD", "AMD", "3.58.0.5"};
    static const struct tpm_facts unknown = {NULL, NULL, "7.85.4555.0"};
    assert_true(tpm_says(&good, true, GB_FINDING_TPM_OK));
    assert_true(tpm_says(&old, true, GB_FINDING_TPM_NOT_ALLOWED));
    assert_true(tpm_says(&old, false, GB_FINDING_TPM_OK));
    assert_true(tpm_says(&weak, true, GB_FINDING_TPM_DENIED));
    assert_true(tpm_says(&weak, false, GB_FINDING_TPM_DENIED));
    assert_true(tpm_says(&unknown, true, GB_FINDING_TPM_UNKNOWN));
    assert_true(tpm_says(&unknown, false, GB_FINDING_TPM_UNKNOWN));
}

static enum verdict_tpm kind_of(const char *manufacturer, const char *model)
{
    struct make make;
    begin(&make);
    make.claims.tpm = (struct tpm_facts){manufacturer, model, "7.85.4555.0"};
    enum verdict_tpm kind = judge(&make, &plain).tpm;
    make_done(&make);
    return kind;
}

static void T13_a_verdict_tells_hardware_from_virtual(void **state)
{
    (void)state;
    assert_int_equal(kind_of("IFX", "SLB9670"), VERDICT_TPM_HARDWARE);
    assert_int_equal(kind_of("INTC", "Intel"), VERDICT_TPM_HARDWARE);
    assert_int_equal(kind_of("id:00001014", "swtpm"), VERDICT_TPM_VIRTUAL);
    assert_int_equal(kind_of("IFX", "swtpm"), VERDICT_TPM_VIRTUAL);
    assert_int_equal(kind_of("MSFT", "Virtual TPM"), VERDICT_TPM_VIRTUAL);
    assert_int_equal(kind_of("VMW", NULL), VERDICT_TPM_VIRTUAL);
    assert_int_equal(kind_of("ACME", "SLB9670"), VERDICT_TPM_UNKNOWN);
    assert_int_equal(kind_of(NULL, NULL), VERDICT_TPM_UNKNOWN);
}

/* Of evidence that proves nothing nothing is told. */
static void T13_refused_evidence_has_no_tpm(void **state)
{
    (void)state;
    struct make make;
    begin(&make);
    make.claims.tpm = (struct tpm_facts){"IFX", "SLB9670", NULL};
    gb_finding_add(&make.claims.findings, GB_FINDING_QUOTE_SIGNATURE, GB_NO_EVENT, NULL, NULL,
                   NULL);
    assert_int_equal(judge(&make, &plain).tpm, VERDICT_TPM_UNKNOWN);
    make_done(&make);
}

static bool hardware_says(const char *manufacturer, bool wanted, enum gb_finding_code code)
{
    struct make make;
    begin(&make);
    make.claims.tpm = (struct tpm_facts){manufacturer, "x", "7.85.4555.0"};
    struct node_policy node = plain;
    node.rules.tpm.hardware = wanted;
    bool said = says(&make, &node, GB_LINK_IDENTITY, code);
    make_done(&make);
    return said;
}

static void T13_a_virtual_tpm_is_refused_where_hardware_is_required(void **state)
{
    (void)state;
    assert_true(hardware_says("IFX", true, GB_FINDING_TPM_OK));
    assert_true(hardware_says("VMW", true, GB_FINDING_TPM_VIRTUAL));
    assert_true(hardware_says("ACME", true, GB_FINDING_TPM_UNKNOWN));
    assert_true(hardware_says(NULL, true, GB_FINDING_TPM_UNKNOWN));
    assert_false(hardware_says("VMW", false, GB_FINDING_TPM_VIRTUAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T30_dbx_must_hold_what_the_policy_names),
        cmocka_unit_test(T10_what_was_not_measured_as_dbx_does_not_count),
        cmocka_unit_test(T10_injected_entries_of_dbx_do_not_count),
        cmocka_unit_test(T30_sbat_must_demand_the_generations),
        cmocka_unit_test(T30_denied_digests_are_refused_whatever_sets_say),
        cmocka_unit_test(T30_a_bank_that_hides_denied_digests_is_refused),
        cmocka_unit_test(T30_every_proven_bank_is_compared),
        cmocka_unit_test(words_of_the_command_line_are_judged),
        cmocka_unit_test(denied_words_are_found_in_other_spellings),
        cmocka_unit_test(the_command_line_of_grub_is_judged_without_its_path),
        cmocka_unit_test(T09_a_stubs_measurement_under_another_name_hides_no_command_line),
        cmocka_unit_test(T09_what_was_measured_after_the_stub_is_no_command_line),
        cmocka_unit_test(T09_grubs_command_line_is_one_whatever_the_log_calls_it),
        cmocka_unit_test(T09_a_command_is_no_command_line),
        cmocka_unit_test(an_older_kernels_command_line_is_its_loaders),
        cmocka_unit_test(an_addon_need_not_say_what_is_required),
        cmocka_unit_test(option_roms_are_known_or_none),
        cmocka_unit_test(T13_kinds_of_tpms_are_allowed_and_denied),
        cmocka_unit_test(T13_a_verdict_tells_hardware_from_virtual),
        cmocka_unit_test(T13_refused_evidence_has_no_tpm),
        cmocka_unit_test(T13_a_virtual_tpm_is_refused_where_hardware_is_required),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
