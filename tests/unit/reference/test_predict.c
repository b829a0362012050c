#include "../test.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/mem.h"
#include "evidence/eventlog.h"
#include "make_pe.h"
#include "reference/boot/authenticode.h"
#include "reference/predict.h"

static struct gb_arena *arena;
static struct digester *digester;
static struct gb_buf buf;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    gb_buf_init(&buf, 1 << 20);
    return arena && digester_new(&digester, NULL) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_buf_done(&buf);
    digester_free(digester);
    gb_arena_free(arena);
    return 0;
}

struct wanted {
    uint32_t pcr;
    uint32_t type;
    enum gb_link link;
    struct gb_bytes covers; /* none: an image */
};

static const char words[] = "console=ttyS0 quiet";
static const char wide[] = "c\0o\0n\0s\0o\0l\0e\0=\0t\0t\0y\0S\0000\0 \0q\0u\0i\0e\0t\0\0";

#define TEXT_AND_NUL(text) {(const uint8_t *)(text), sizeof(text)}
#define TEXT(text)         {(const uint8_t *)(text), sizeof(text) - 1}

static void assert_events(const struct ref_set *set, const struct wanted *wanted, size_t count)
{
    const struct ref_event *event = set->events;
    assert_int_equal(set->event_count, count);
    for (size_t i = 0; i < count; i++, event = event->next) {
        assert_non_null(event);
        assert_int_equal(event->pcr, wanted[i].pcr);
        assert_int_equal(event->type, wanted[i].type);
        assert_int_equal(event->link, wanted[i].link);
        assert_int_equal(event->digest[0].len, 0); /* SHA-1 */
        for (size_t alg = 1; alg < DIGEST_ALGS; alg++) {
            uint8_t digest[64];
            assert_int_equal(event->digest[alg].len, digest_size(digest_algs[alg]));
            if (wanted[i].covers.len == 0)
                continue;
            assert_int_equal(digest_of(digester, digest_algs[alg], wanted[i].covers, digest), 0);
            assert_memory_equal(event->digest[alg].data, digest, event->digest[alg].len);
        }
    }
    assert_null(event);
}

static void assert_image(const struct ref_event *event, struct gb_bytes bytes)
{
    struct pe_image image;
    uint8_t digest[32];
    assert_int_equal(pe_read(arena, bytes, &image, NULL), 0);
    assert_int_equal(authenticode_digest(digester, DIGEST_SHA256, &image, digest, NULL), 0);
    assert_memory_equal(event->digest[1].data, digest, 32);
}

static int predict(const struct make_uki *said, struct ref_set **set, struct gb_err *err)
{
    buf.len = 0;
    make_uki_image(&buf, said);
    const struct predict_image image = {"/images/\x1b[1mtest.efi", gb_buf_bytes(&buf)};
    return predict_uki(arena, digester, &image, false, "os-test", set, err);
}

static void a_uki_is_measured_section_by_section_then_as_a_kernel(void **state)
{
    (void)state;
    struct gb_buf kernel;
    gb_buf_init(&kernel, 1 << 20);
    make_kernel(&kernel, "6.1.0-49");
    const struct wanted wanted[] = {
        {4, EV_EFI_BOOT_SERVICES_APPLICATION, GB_LINK_BOOTLOADER, {NULL, 0}},
        {11, EV_IPL, GB_LINK_KERNEL, TEXT_AND_NUL(".linux")},
        {11, EV_IPL, GB_LINK_KERNEL, gb_buf_bytes(&kernel)},
        {11, EV_IPL, GB_LINK_BOOTLOADER, TEXT_AND_NUL(".osrel")},
        {11, EV_IPL, GB_LINK_BOOTLOADER, TEXT("ID=test\n")},
        {11, EV_IPL, GB_LINK_CMDLINE, TEXT_AND_NUL(".cmdline")},
        {11, EV_IPL, GB_LINK_CMDLINE, TEXT(words)},
        {11, EV_IPL, GB_LINK_INITRD, TEXT_AND_NUL(".initrd")},
        {11, EV_IPL, GB_LINK_INITRD, TEXT("an initrd")},
        {4, EV_EFI_BOOT_SERVICES_APPLICATION, GB_LINK_KERNEL, {NULL, 0}},
        {9, EV_EVENT_TAG, GB_LINK_CMDLINE, {(const uint8_t *)wide, sizeof words * 2}},
        {9, EV_EVENT_TAG, GB_LINK_INITRD, TEXT("an initrd")},
    };
    struct ref_set *set;
    const struct make_uki said = {.cmdline = words, .initrd = "an initrd", .kernel = "6.1.0-49"};
    assert_int_equal(predict(&said, &set, NULL), 0);
    assert_string_equal(set->name, "os-test");
    assert_int_equal(set->cls, REF_OS);
    assert_string_equal(set->source, "predicted");
    assert_events(set, wanted, GB_ARRAY_LEN(wanted));
    assert_image(set->events, gb_buf_bytes(&buf));
    assert_string_equal(set->events->about, "\\x1b[1mtest.efi");
    const struct ref_event *event = set->events;
    for (size_t i = 0; i < 9; i++)
        event = event->next;
    assert_image(event, gb_buf_bytes(&kernel));
    assert_string_equal(event->next->value, words);
    assert_null(event->next->next->value);
    gb_buf_done(&kernel);
}

/* The stub keeps firmware from looking at it: seen in the lab with systemd 252. */
static void under_secure_boot_nobody_measures_the_kernel_inside_as_an_image(void **state)
{
    (void)state;
    struct ref_set *set = NULL;
    const struct make_uki said = {.cmdline = words, .initrd = "an initrd", .kernel = "6.1.0-49"};
    make_uki_image(&buf, &said);
    const struct predict_image image = {"test.efi", gb_buf_bytes(&buf)};
    assert_int_equal(predict_uki(arena, digester, &image, true, "x", &set, NULL), 0);
    size_t in_pcr_4 = 0;
    for (const struct ref_event *event = set->events; event; event = event->next)
        in_pcr_4 += event->pcr == 4;
    assert_int_equal(in_pcr_4, 1);
    assert_int_equal(set->event_count, 11);
}

static void control_characters_reach_the_kernel_as_spaces(void **state)
{
    (void)state;
    struct ref_set *set;
    const struct make_uki said = {.cmdline = " quiet\tdebug \x7f \n\t"};
    assert_int_equal(predict(&said, &set, NULL), 0);
    const struct ref_event *last = set->events;
    while (last->next)
        last = last->next;
    assert_int_equal(last->pcr, 9);
    assert_string_equal(last->value, " quiet debug \x7f");
}

/* Booted with stub 252.39: so it was. */
static void packed_sections_follow_the_initrd(void **state)
{
    (void)state;
    struct ref_set *set;
    static const char zeros[] = "00000000";
    const struct make_uki said = {.cmdline = words, .initrd = "odd", .extra = ".pcrsig"};
    struct gb_buf wanted;
    uint8_t digest[32];
    gb_buf_init(&wanted, 4096);
    gb_buf_add(&wanted, "odd", 4); /* filled up with one zero */
    gb_buf_printf(&wanted, "07070100000001%08x%s%s00000001%s", 040555, zeros, zeros, zeros);
    gb_buf_printf(&wanted, "%s%s%s%s%s00000007%s.extra", zeros, zeros, zeros, zeros, zeros, zeros);
    gb_buf_add(&wanted, "\0\0\0\0", 4); /* 117 bytes are header and name */
    gb_buf_printf(&wanted, "07070100000002%08x%s%s00000001%s00000005", 0100444, zeros, zeros,
                  zeros);
    gb_buf_printf(&wanted, "%s%s%s%s0000001f%s.extra/tpm2-pcr-signature.json", zeros, zeros, zeros,
                  zeros, zeros);
    gb_buf_add(&wanted, "\0\0\0\0", 4);
    gb_buf_add(&wanted, "extra\0\0\0", 8);
    gb_buf_printf(&wanted, "070701%s%s%s%s00000001%s%s%s%s%s%s0000000B%sTRAILER!!!", zeros, zeros,
                  zeros, zeros, zeros, zeros, zeros, zeros, zeros, zeros, zeros);
    gb_buf_add(&wanted, "\0\0\0\0", 4);
    assert_true(gb_buf_ok(&wanted));
    assert_int_equal(predict(&said, &set, NULL), 0);
    const struct ref_event *last = set->events;
    while (last->next) {
        assert_null(strstr(last->about, ".pcrsig")); /* never measured into PCR 11 */
        last = last->next;
    }
    assert_int_equal(last->link, GB_LINK_INITRD);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, gb_buf_bytes(&wanted), digest), 0);
    assert_memory_equal(last->digest[1].data, digest, 32);
    gb_buf_done(&wanted);
}

static void assert_uki_refused(const struct make_uki *said, const char *why)
{
    struct ref_set *set = NULL;
    struct gb_err err;
    assert_int_equal(predict(said, &set, &err), GB_ERR_CONFIG);
    assert_null(set);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void what_cannot_be_told_from_the_file_is_refused(void **state)
{
    (void)state;
    assert_uki_refused(&(struct make_uki){.stub = "#### LoaderInfo: another"}, "no .sdmagic");
    assert_uki_refused(&(struct make_uki){.stub = "#### LoaderInfo: systemd-stub 251 ####"},
                       "systemd-stub 251");
    assert_uki_refused(&(struct make_uki){.cmdline = NULL}, "no .cmdline");
    assert_uki_refused(&(struct make_uki){.cmdline = "\xc3\xa9"}, "not ASCII");
    assert_uki_refused(&(struct make_uki){.cmdline = words, .extra = ".linuxes"}, ".linuxes");
    assert_uki_refused(&(struct make_uki){.cmdline = words, .extra = ".osrel"}, "another .osrel");
    assert_uki_refused(&(struct make_uki){.cmdline = words, .kernel = "5.15.0"}, "Linux 5.15");
}

static void a_malformed_kernel_is_named_with_its_offset_in_the_image(void **state)
{
    (void)state;
    const struct make_uki said = {.cmdline = words};
    make_uki_image(&buf, &said);
    struct pe_image image;
    assert_int_equal(pe_read(arena, gb_buf_bytes(&buf), &image, NULL), 0);
    size_t at = pe_find(&image, ".linux")->raw_at;
    buf.data[at] = 'X';
    struct ref_set *set = NULL;
    struct gb_err err;
    const struct predict_image broken = {"x.efi", gb_buf_bytes(&buf)};
    assert_int_equal(predict_uki(arena, digester, &broken, true, "x", &set, &err), GB_ERR_INPUT);
    assert_int_equal(predict_uki(arena, digester, &broken, false, "x", &set, &err), GB_ERR_INPUT);
    assert_null(set);
    assert_string_equal(err.text, "x.efi: .linux: not a PE image (no MZ header)");
    assert_int_equal(err.offset, at);
}

static void parts_are_measured_by_firmware_and_the_kernel(void **state)
{
    (void)state;
    make_kernel(&buf, "6.12.1");
    const struct predict_parts parts = {.kernel_file = "vmlinuz",
                                        .kernel = gb_buf_bytes(&buf),
                                        .initrd_file = "initrd",
                                        .initrd = gb_bytes_str("an initrd"),
                                        .cmdline = gb_bytes_str(words)};
    const struct wanted wanted[] = {
        {4, EV_EFI_BOOT_SERVICES_APPLICATION, GB_LINK_KERNEL, {NULL, 0}},
        {9, EV_EVENT_TAG, GB_LINK_CMDLINE, {(const uint8_t *)wide, sizeof words * 2}},
        {9, EV_EVENT_TAG, GB_LINK_INITRD, TEXT("an initrd")},
    };
    struct ref_set *set;
    assert_int_equal(predict_parts(arena, digester, &parts, "os-test", &set, NULL), 0);
    assert_events(set, wanted, GB_ARRAY_LEN(wanted));
    assert_image(set->events, gb_buf_bytes(&buf));
}

static void an_initrd_fetched_by_name_is_measured_by_nobody(void **state)
{
    (void)state;
    make_kernel(&buf, NULL);
    const struct predict_parts parts = {.kernel_file = "vmlinuz",
                                        .kernel = gb_buf_bytes(&buf),
                                        .initrd_file = "initrd",
                                        .initrd = gb_bytes_str("an initrd"),
                                        .cmdline = gb_bytes_str("quiet initrd=\\initrd.img")};
    struct ref_set *set;
    assert_true(predict_initrd_by_name(parts.cmdline));
    assert_false(predict_initrd_by_name(gb_bytes_str("rd.initrd=x noinitrd")));
    assert_int_equal(predict_parts(arena, digester, &parts, "os-test", &set, NULL), 0);
    assert_int_equal(set->event_count, 2);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    const struct make_uki said = {.cmdline = words, .initrd = "an initrd", .kernel = "6.1.0-49"};
    make_uki_image(&buf, &said);
    for (unsigned long nth = 1;; nth++) {
        struct ref_set *set = NULL;
        struct gb_arena *small = gb_arena_new();
        assert_non_null(small);
        gb_mem_fail_nth(nth);
        const struct predict_image image = {"test.efi", gb_buf_bytes(&buf)};
        int r = predict_uki(small, digester, &image, false, "x", &set, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        gb_arena_free(small);
        if (!failed) {
            assert_int_equal(r, 0);
            return;
        }
        assert_int_equal(r, GB_ERR_NOMEM);
        assert_null(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_uki_is_measured_section_by_section_then_as_a_kernel,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            under_secure_boot_nobody_measures_the_kernel_inside_as_an_image, setup, teardown),
        cmocka_unit_test_setup_teardown(control_characters_reach_the_kernel_as_spaces, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(packed_sections_follow_the_initrd, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_told_from_the_file_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_malformed_kernel_is_named_with_its_offset_in_the_image,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(parts_are_measured_by_firmware_and_the_kernel, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_initrd_fetched_by_name_is_measured_by_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_failing_allocation_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
