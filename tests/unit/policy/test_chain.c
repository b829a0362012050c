/* Which measurement speaks for which link, one kind of boot after the other. */
#include "../test.h"
#include "base/encode.h"
#include "make_claims.h"
#include "policy/chain/chain.h"

static const struct chain_event *place(struct make *make)
{
    struct chain_event *events = NULL;
    struct gb_err err = {0};
    assert_int_equal(chain_place(make->arena, &make->claims, &events, &err), 0);
    return events;
}

/* One expected place: the measurement whose digest was made from `word`, in that PCR. */
struct row {
    uint32_t pcr;
    const char *word;
    enum gb_link link;
    enum ref_class cls;
};

static void check(struct make *make, const struct row *rows, size_t count)
{
    const struct chain_event *events = place(make);
    for (size_t i = 0; i < count; i++) {
        struct gb_bytes digest = make_digest(make->arena, rows[i].word);
        size_t found = 0;
        for (size_t k = 0; k < make->claims.boot_count; k++) {
            if (events[k].measured->pcr != rows[i].pcr ||
                !gb_bytes_equal(events[k].measured->digest, digest))
                continue;
            found++;
            assert_string_equal(gb_link_name(events[k].link), gb_link_name(rows[i].link));
            assert_int_equal(events[k].cls, rows[i].cls);
        }
        if (found == 0)
            fail_msg("no measurement of \"%s\" in PCR %u", rows[i].word, rows[i].pcr);
    }
    /* Nothing is left without a link but structure, and what has a link has a class. */
    for (size_t k = 0; k < make->claims.boot_count; k++) {
        assert_int_equal(events[k].link == GB_LINK_NONE, events[k].cls == REF_NONE);
        assert_non_null(events[k].about);
        assert_true(events[k].about[0] != 0);
    }
}

static void firmware_and_structure(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, "crtm", GB_LINK_FIRMWARE, REF_PLATFORM},
        {0, "firmware", GB_LINK_FIRMWARE, REF_PLATFORM},
        {7, "secure-boot-off", GB_LINK_BOOT_POLICY, REF_PLATFORM},
        {5, "gpt", GB_LINK_BOOTLOADER, REF_PLATFORM},
        {1, "boot order", GB_LINK_FIRMWARE, REF_PLATFORM},
        {6, "vendor", GB_LINK_FIRMWARE, REF_PLATFORM},
        {2, "rom", GB_LINK_OPTION_ROMS, REF_PLATFORM},
        {3, "rom settings", GB_LINK_OPTION_ROMS, REF_PLATFORM},
        {0, "separator", GB_LINK_NONE, REF_NONE},
        {7, "separator", GB_LINK_NONE, REF_NONE},
        {4, "calling", GB_LINK_NONE, REF_NONE},
        {5, "exit", GB_LINK_NONE, REF_NONE},
        {7, "debug", GB_LINK_BOOT_POLICY, REF_PLATFORM},
        {4, "strange", GB_LINK_BOOTLOADER, REF_OS},
        {5, "lied", GB_LINK_BOOTLOADER, REF_PLATFORM},
        {12, "separator", GB_LINK_CMDLINE, REF_OS},
    };
    struct make make;
    make_init(&make);
    make_firmware(&make);
    make_event(&make, 1, EV_EFI_VARIABLE_BOOT, "boot order", "", false);
    make_event(&make, 6, EV_COMPACT_HASH, "vendor", "", false);
    make_event(&make, 2, EV_EFI_BOOT_SERVICES_DRIVER, "rom", "", false);
    make_event(&make, 3, EV_EFI_VARIABLE_DRIVER_CONFIG, "rom settings", "", false);
    make_event(&make, 5, EV_EFI_ACTION, "exit", "Exit Boot Services Invocation", true);
    /* Known words that the digest does not cover, and unknown words, need a reference. */
    make_event(&make, 5, EV_EFI_ACTION, "lied", "Exit Boot Services Invocation", false);
    make_event(&make, 7, EV_EFI_ACTION, "debug", "UEFI Debug Mode", true);
    make_event(&make, 4, EV_EFI_ACTION, "strange", "Booting to the moon", true);
    make_event(&make, 12, EV_SEPARATOR, "separator", "", true);
    check(&make, rows, GB_ARRAY_LEN(rows));
    make_done(&make);
}

static void uki(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {4, "uki with c", GB_LINK_BOOTLOADER, REF_OS},
        {4, "inner kernel", GB_LINK_KERNEL, REF_OS},
        {11, ".linux", GB_LINK_KERNEL, REF_OS},
        {11, "linux", GB_LINK_KERNEL, REF_OS},
        {11, "osrel", GB_LINK_BOOTLOADER, REF_OS},
        {11, ".cmdline", GB_LINK_CMDLINE, REF_OS},
        {11, "section c", GB_LINK_CMDLINE, REF_OS},
        {11, "initrd", GB_LINK_INITRD, REF_OS},
        {9, "options c", GB_LINK_CMDLINE, REF_OS},
        {9, "initrd", GB_LINK_INITRD, REF_OS},
        {12, "override", GB_LINK_CMDLINE, REF_OS},
        {13, "extension", GB_LINK_INITRD, REF_OS},
        {11, "sysinit", GB_LINK_NONE, REF_NONE},
        {11, "own phase", GB_LINK_OS, REF_OS},
        {12, "ready", GB_LINK_OS, REF_OS},
        {11, "final", GB_LINK_BOOTLOADER, REF_OS},
        {15, "machine", GB_LINK_OS, REF_OS},
        {15, "machine-id:6b65", GB_LINK_NONE, REF_NONE},
        {15, "file-system:/:ext4", GB_LINK_NONE, REF_NONE},
        {11, "machine-id:6b66", GB_LINK_OS, REF_OS},
        {15, "machine-id:6b67", GB_LINK_OS, REF_OS},
    };
    struct make make;
    make_init(&make);
    make_uki(&make, "c", "quiet \xff");
    make_event(&make, 12, EV_IPL, "override", "", false);
    make_event(&make, 13, EV_IPL, "extension", "", false);
    make_phase(&make, "sysinit");
    make_phase(&make, "own phase");
    make_phase(&make, "ready")->pcr = 12;          /* not where systemd extends it */
    make_phase(&make, "final")->log = GB_LOG_BOOT; /* nor who says it */
    make_phase(&make, "machine")->pcr = 15;
    make_phase(&make, "machine-id:6b65")->pcr = 15;
    make_phase(&make, "file-system:/:ext4")->pcr = 15;
    make_phase(&make, "machine-id:6b66");
    struct measured *lie = make_phase(&make, "machine-id:6b67");
    lie->pcr = 15;
    lie->data_proven = false;
    check(&make, rows, GB_ARRAY_LEN(rows));
    make_done(&make);
}

/* The text of the command line is that of the kernel's load options, and of nothing else. */
static void proven_text_stands_at_the_load_options(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_uki(&make, "c", "quiet splash");
    const struct chain_event *events = place(&make);
    struct gb_bytes digest = make_digest(make.arena, "options c");
    for (size_t i = 0; i < make.claims.boot_count; i++) {
        if (gb_bytes_equal(events[i].measured->digest, digest))
            assert_true(gb_bytes_is(events[i].text, "quiet splash"));
        else
            assert_null(events[i].text.data);
    }
    make_done(&make);
}

static void grub(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {4, "shim", GB_LINK_BOOTLOADER, REF_OS},
        {4, "grub", GB_LINK_BOOTLOADER, REF_OS},
        {4, "grub's kernel", GB_LINK_KERNEL, REF_OS},
        {8, "grub_cmd: source (hd0,gpt1)/grub.cfg", GB_LINK_BOOTLOADER, REF_OS},
        {8, "grub_cmd: linux /vmlinuz quiet", GB_LINK_CMDLINE, REF_OS},
        {8, "kernel_cmdline: /vmlinuz quiet", GB_LINK_CMDLINE, REF_OS},
        {8, "grub_cmd: initrd /initrd.img", GB_LINK_BOOTLOADER, REF_OS},
        {9, "(hd0,gpt1)/grub.cfg", GB_LINK_BOOTLOADER, REF_OS},
        {9, "(hd0,gpt1)/x86_64-efi/linux.mod", GB_LINK_BOOTLOADER, REF_OS},
        {9, "/vmlinuz", GB_LINK_KERNEL, REF_OS},
        {9, "/initrd.img", GB_LINK_INITRD, REF_OS},
        {14, "MokList", GB_LINK_BOOT_POLICY, REF_PLATFORM},
    };
    struct make make;
    make_init(&make);
    make_grub(&make, "quiet");
    check(&make, rows, GB_ARRAY_LEN(rows));
    const struct chain_event *events = place(&make);
    struct gb_bytes digest = make_digest(make.arena, "kernel_cmdline: /vmlinuz quiet");
    for (size_t i = 0; i < make.claims.boot_count; i++)
        if (gb_bytes_equal(events[i].measured->digest, digest))
            assert_true(gb_bytes_is(events[i].text, "/vmlinuz quiet"));
    make_done(&make);
}

/* Words that no digest covers are never taken for the command line. */
static void unproven_text_is_not_used(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "quiet");
    for (size_t i = 0; i < make.claims.boot_count; i++)
        make.boot[i].data_proven = false;
    const struct chain_event *events = place(&make);
    for (size_t i = 0; i < make.claims.boot_count; i++)
        assert_null(events[i].text.data);
    make_done(&make);
}

/* The same of what systemd-stub takes from its caller into PCR 12, and systemd-boot into 8. */
static void unproven_overrides_are_not_used(void **state)
{
    (void)state;
    for (uint32_t pcr = 8; pcr <= 12; pcr += 4) {
        struct make make;
        struct gb_bytes wide;
        make_init(&make);
        assert_true(gb_utf16_encode(make.arena, gb_bytes_str("ima_policy=tcb"), &wide));
        make_event(&make, pcr, EV_IPL, "override", "", true)->data = wide;
        assert_true(gb_bytes_is(place(&make)[0].text, "ima_policy=tcb"));
        make.boot[0].data_proven = false;
        assert_null(place(&make)[0].text.data);
        make_done(&make);
    }
}

static void efi_stub_and_systemd_boot(void **state)
{
    (void)state;
    static const struct row stub[] = {
        {4, "stub kernel", GB_LINK_KERNEL, REF_OS},
        {9, "options c", GB_LINK_CMDLINE, REF_OS},
        {9, "initrd", GB_LINK_INITRD, REF_OS},
    };
    static const struct row loader[] = {
        {4, "systemd-boot", GB_LINK_BOOTLOADER, REF_OS},
        {4, "stub kernel", GB_LINK_KERNEL, REF_OS},
    };
    struct make make;
    make_init(&make);
    make_efi_stub(&make, "c", NULL);
    check(&make, stub, GB_ARRAY_LEN(stub));
    make_done(&make);
    make_init(&make);
    make_image(&make, "systemd-boot");
    make_efi_stub(&make, "c", NULL);
    check(&make, loader, GB_ARRAY_LEN(loader));
    make_done(&make);
}

static void an_event_without_a_digest_says_nothing(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_event(&make, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "x", "", false)->digest =
        gb_bytes(NULL, 0);
    const struct chain_event *events = place(&make);
    assert_int_equal(events[0].link, GB_LINK_NONE);
    assert_int_equal(events[0].cls, REF_NONE);
    make_done(&make);
}

static void classes_follow_pcrs(void **state)
{
    (void)state;
    for (uint32_t pcr = 0; pcr < 24; pcr++) {
        bool platform = pcr <= 3 || (pcr >= 5 && pcr <= 7) || pcr == 14;
        assert_int_equal(chain_pcr_class(pcr), platform ? REF_PLATFORM : REF_OS);
    }
    assert_int_equal(chain_pcr_class(24), REF_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firmware_and_structure),
        cmocka_unit_test(uki),
        cmocka_unit_test(proven_text_stands_at_the_load_options),
        cmocka_unit_test(grub),
        cmocka_unit_test(unproven_text_is_not_used),
        cmocka_unit_test(unproven_overrides_are_not_used),
        cmocka_unit_test(efi_stub_and_systemd_boot),
        cmocka_unit_test(an_event_without_a_digest_says_nothing),
        cmocka_unit_test(classes_follow_pcrs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
