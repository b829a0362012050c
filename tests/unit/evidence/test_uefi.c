#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "evidence/uefi.h"
#include "make_log.h"

static int setup(void **state)
{
    *state = gb_arena_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    gb_arena_free(*state);
    return 0;
}

static void put_u64le(struct gb_buf *out, uint64_t value)
{
    gb_buf_u32le(out, (uint32_t)value);
    gb_buf_u32le(out, (uint32_t)(value >> 32));
}

/* ---- GUIDs and variables ---- */

static void guids_print_as_uefi_writes_them(void **state)
{
    (void)state;
    char text[37];
    uefi_guid_text(&UEFI_GLOBAL_VARIABLE, text);
    assert_string_equal(text, "8be4df61-93ca-11d2-aa0d-00e098032b8c");
    uefi_guid_text(&UEFI_IMAGE_SECURITY_DB, text);
    assert_string_equal(text, "d719b2cb-3d3a-4596-a3bc-dad00e67656f");
    uefi_guid_text(&UEFI_SHIM_LOCK, text);
    assert_string_equal(text, "605dab50-e046-4300-abb6-3dd810dd8b23");
    uefi_guid_text(&UEFI_CERT_X509, text);
    assert_string_equal(text, "a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
    uefi_guid_text(&UEFI_CERT_SHA256, text);
    assert_string_equal(text, "c1c41626-504c-4092-aca9-41f936934328");
    assert_true(uefi_guid_equal(&UEFI_CERT_X509, &UEFI_CERT_X509));
    assert_false(uefi_guid_equal(&UEFI_CERT_X509, &UEFI_CERT_SHA256));
}

static void variables_are_read(void **state)
{
    struct gb_buf out;
    struct uefi_variable v;
    gb_buf_init(&out, 1024);
    make_variable(&out, UEFI_GLOBAL_VARIABLE.bytes, "SecureBoot", gb_bytes("\1", 1));
    assert_int_equal(uefi_variable_read(*state, gb_buf_bytes(&out), &v, NULL), GB_OK);
    assert_string_equal(v.name, "SecureBoot");
    assert_true(gb_bytes_equal(v.data, gb_bytes("\1", 1)));
    assert_int_equal(v.tail.len, 0);
    assert_true(uefi_variable_is(&v, &UEFI_GLOBAL_VARIABLE, "SecureBoot"));
    assert_false(uefi_variable_is(&v, &UEFI_GLOBAL_VARIABLE, "SecureBoo"));
    assert_false(uefi_variable_is(&v, &UEFI_IMAGE_SECURITY_DB, "SecureBoot"));
    assert_false(uefi_variable_holds_signatures(&v));
    gb_buf_puts(&out, "shim's"); /* six bytes */
    assert_int_equal(uefi_variable_read(*state, gb_buf_bytes(&out), &v, NULL), GB_OK);
    assert_true(gb_bytes_is(v.tail, "shim's"));
    assert_int_equal(v.data.len, 1);
    gb_buf_done(&out);
}

static void variables_that_do_not_add_up_are_refused(void **state)
{
    (void)state;
    struct gb_buf out;
    struct uefi_variable v;
    struct gb_err err;
    gb_buf_init(&out, 1024);
    make_variable(&out, UEFI_GLOBAL_VARIABLE.bytes, "PK", gb_bytes_str("data"));
    for (size_t cut = 0; cut < out.len; cut++)
        assert_int_equal(uefi_variable_split(gb_bytes(out.data, cut), &v, &err), GB_ERR_INPUT);
    gb_buf_u8(&out, 0);
    assert_int_equal(uefi_variable_split(gb_buf_bytes(&out), &v, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, out.len - 1);
    out.data[16] = 0xff; /* a name of 767 characters */
    out.data[17] = 0x02;
    assert_int_equal(uefi_variable_split(gb_buf_bytes(&out), &v, &err), GB_ERR_INPUT);
    out.data[23] = 0x80; /* twice which does not fit a size_t */
    assert_int_equal(uefi_variable_split(gb_buf_bytes(&out), &v, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "variable name is above the ceiling");
    gb_buf_done(&out);
}

/* ---- T10: signature lists ---- */

static void put_list(struct gb_buf *out, const struct uefi_guid *type, uint32_t list_size,
                     uint32_t header_size, uint32_t signature_size)
{
    gb_buf_add(out, type->bytes, 16);
    gb_buf_u32le(out, list_size);
    gb_buf_u32le(out, header_size);
    gb_buf_u32le(out, signature_size);
}

static void put_signature(struct gb_buf *out, uint8_t owner, const char *data)
{
    for (size_t i = 0; i < 16; i++)
        gb_buf_u8(out, owner);
    gb_buf_puts(out, data);
}

static void T10_lists_of_several_types_are_read(void **state)
{
    struct gb_buf out;
    struct uefi_signatures s;
    gb_buf_init(&out, 1024);
    put_list(&out, &UEFI_CERT_X509, 28 + 20, 0, 20);
    put_signature(&out, 1, "cert");
    put_list(&out, &UEFI_CERT_SHA256, 28 + 2 * 18, 0, 18);
    put_signature(&out, 2, "h1");
    put_signature(&out, 3, "h2");
    put_list(&out, &UEFI_CERT_SHA256, 28, 0, 48);
    assert_int_equal(uefi_signatures_read(*state, gb_buf_bytes(&out), &s, NULL), GB_OK);
    assert_int_equal(s.count, 3);
    assert_true(uefi_guid_equal(&s.items[0].type, &UEFI_CERT_X509));
    assert_true(gb_bytes_is(s.items[0].data, "cert"));
    assert_true(uefi_guid_equal(&s.items[2].type, &UEFI_CERT_SHA256));
    assert_int_equal(s.items[2].owner.bytes[0], 3);
    assert_true(gb_bytes_is(s.items[2].data, "h2"));
    gb_buf_done(&out);
}

/* GHSA-9r4w-jg96-92mv: a reader that ignores the header's size takes its bytes for signatures. */
static void T10_the_signature_header_is_passed_over(void **state)
{
    struct gb_buf out;
    struct uefi_signatures s;
    gb_buf_init(&out, 1024);
    put_list(&out, &UEFI_CERT_SHA256, 28 + 18 + 18, 18, 18);
    put_signature(&out, 9, "no");
    put_signature(&out, 1, "h1");
    assert_int_equal(uefi_signatures_read(*state, gb_buf_bytes(&out), &s, NULL), GB_OK);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.items[0].owner.bytes[0], 1);
    assert_true(gb_bytes_is(s.items[0].data, "h1"));
    gb_buf_done(&out);
}

static void T10_sizes_that_do_not_add_up_are_refused(void **state)
{
    static const struct {
        uint32_t list_size, header_size, signature_size;
        const char *text;
    } cases[] = {
        {28 + 18, 0, 0, "signatures are smaller than an owner"},
        {28 + 18, 0, 16, "signatures are smaller than an owner"},
        {28 + 18, 0, 17, "signatures do not fill their list"},
        {28 + 18, 1, 18, "signatures do not fill their list"},
        {28 + 18, 19, 18, "input ends early"},
        {28 + 18, UINT32_MAX, 18, "input ends early"},
        {28 + 17, 0, 18, "signatures do not fill their list"},
        {28 + 19, 0, 18, "input ends early"},
        {27, 0, 18, "signature list is smaller than its head"},
        {0, 0, 18, "signature list is smaller than its head"},
        {UINT32_MAX, 0, 18, "input ends early"},
        {28, 0, 18, "input ends early"}, /* then its signature is read as a list */
        {28 + 18, 0, UINT32_MAX, "signatures do not fill their list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gb_buf out;
        struct uefi_signatures s = {.count = 77};
        struct gb_err err;
        gb_buf_init(&out, 1024);
        put_list(&out, &UEFI_CERT_SHA256, cases[i].list_size, cases[i].header_size,
                 cases[i].signature_size);
        put_signature(&out, 1, "h1");
        assert_int_equal(uefi_signatures_read(*state, gb_buf_bytes(&out), &s, &err), GB_ERR_INPUT);
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(s.count, 77);
        gb_buf_done(&out);
    }
}

static void T10_every_truncation_is_refused(void **state)
{
    struct gb_buf out;
    struct uefi_signatures s;
    gb_buf_init(&out, 1024);
    put_list(&out, &UEFI_CERT_SHA256, 28 + 18, 0, 18);
    put_signature(&out, 1, "h1");
    for (size_t cut = 1; cut < out.len; cut++)
        assert_int_equal(uefi_signatures_read(*state, gb_bytes(out.data, cut), &s, NULL),
                         GB_ERR_INPUT);
    assert_int_equal(uefi_signatures_read(*state, gb_bytes(NULL, 0), &s, NULL), GB_OK);
    assert_int_equal(s.count, 0);
    gb_buf_done(&out);
}

static void T10_too_many_lists_are_refused(void **state)
{
    (void)state;
    struct gb_buf out;
    size_t count;
    gb_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < GB_LIMIT_SIG_LISTS; i++)
        put_list(&out, &UEFI_CERT_SHA256, 28, 0, 48);
    assert_int_equal(uefi_signatures_count(gb_buf_bytes(&out), &count, NULL), GB_OK);
    put_list(&out, &UEFI_CERT_SHA256, 28, 0, 48);
    assert_int_equal(uefi_signatures_count(gb_buf_bytes(&out), &count, NULL), GB_ERR_INPUT);
    gb_buf_done(&out);
}

static void certificates_are_named_by_their_subject(void **state)
{
    static const char der[] = "\x30\x10\x06\x03\x55\x04\x03\x13\x02"
                              "CA"
                              "\x06\x03\x55\x04\x03\x0c\x05"
                              "a\nb\\c"
                              "\x06\x03\x55\x04\x03\x0c\x01z";
    assert_string_equal(uefi_certificate_name(*state, gb_bytes(der, sizeof der - 1)),
                        "a\\x0ab\\\\c");
    assert_string_equal(uefi_certificate_name(*state, gb_bytes(der, 11)), "CA");
    assert_string_equal(uefi_certificate_name(*state, gb_bytes(der, 10)), "");
    assert_string_equal(uefi_certificate_name(*state, gb_bytes(der, 7)), "");
}

/* ---- GPT ---- */

static void put_gpt(struct gb_buf *out, uint32_t entry_size, uint64_t count, size_t entries)
{
    gb_buf_puts(out, "EFI PART");
    for (size_t i = 8; i < 56; i++)
        gb_buf_u8(out, 0);
    gb_buf_add(out, UEFI_CERT_X509.bytes, 16);
    put_u64le(out, 2);
    gb_buf_u32le(out, 128);
    gb_buf_u32le(out, entry_size);
    gb_buf_u32le(out, 0);
    put_u64le(out, count);
    for (size_t i = 0; i < entries; i++) {
        gb_buf_add(out, UEFI_GLOBAL_VARIABLE.bytes, 16);
        gb_buf_add(out, UEFI_SHIM_LOCK.bytes, 16);
        put_u64le(out, 2048);
        put_u64le(out, 4095);
        put_u64le(out, 0);
        make_utf16(out, "ESP\n");
        for (size_t k = 8; k < 72; k++)
            gb_buf_u8(out, 0);
    }
}

static void partition_tables_are_read(void **state)
{
    struct gb_buf out;
    struct uefi_gpt gpt;
    gb_buf_init(&out, 4096);
    put_gpt(&out, 128, 2, 2);
    assert_int_equal(uefi_gpt_read(*state, gb_buf_bytes(&out), &gpt, NULL), GB_OK);
    assert_true(uefi_guid_equal(&gpt.disk, &UEFI_CERT_X509));
    assert_int_equal(gpt.count, 2);
    assert_true(uefi_guid_equal(&gpt.partitions[1].unique, &UEFI_SHIM_LOCK));
    assert_int_equal(gpt.partitions[1].first_lba, 2048);
    assert_int_equal(gpt.partitions[1].last_lba, 4095);
    assert_string_equal(gpt.partitions[1].name, "ESP\\x0a");
    for (size_t cut = 0; cut < out.len; cut++)
        assert_int_equal(uefi_gpt_read(*state, gb_bytes(out.data, cut), &gpt, NULL), GB_ERR_INPUT);
    gb_buf_done(&out);
}

static void partition_tables_that_do_not_add_up_are_refused(void **state)
{
    static const struct {
        uint32_t entry_size;
        uint64_t count;
        const char *text;
    } cases[] = {
        {128, 2, "more partitions than the event holds"},
        {128, UINT64_MAX, "more partitions than the event holds"},
        {128, 0, "bytes are left over"},
        {256, 1, "partition entries are not of 128 bytes"},
        {0, 1, "partition entries are not of 128 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gb_buf out;
        struct uefi_gpt gpt;
        struct gb_err err;
        gb_buf_init(&out, 4096);
        put_gpt(&out, cases[i].entry_size, cases[i].count, 1);
        assert_int_equal(uefi_gpt_read(*state, gb_buf_bytes(&out), &gpt, &err), GB_ERR_INPUT);
        assert_string_equal(err.text, cases[i].text);
        gb_buf_done(&out);
    }
}

/* ---- device paths ---- */

static const uint8_t path_pci[] = {2, 1, 12, 0, 0xd0, 0x41, 0x03, 0x0a, 0,    0, 0,
                                   0, 1, 1,  6, 0,    1,    3,    0x7f, 0xff, 4, 0};
static const uint8_t path_file[] = {2,    1, 12,   0, 0xd0, 0x41, 0x03, 0x0a, 0,   0,
                                    0,    0, 4,    4, 14,   0,    '\\', 0,    'a', 0,
                                    '\\', 0, '\n', 0, 0,    0,    0x7f, 0xff, 4,   0};

static void device_paths_are_put_into_words(void **state)
{
    const char *text = NULL;
    assert_int_equal(
        uefi_device_path_text(*state, gb_bytes(path_pci, sizeof path_pci), &text, NULL), GB_OK);
    assert_string_equal(text, "PciRoot(0x0)/Pci(0x3,0x1)");
    assert_int_equal(
        uefi_device_path_text(*state, gb_bytes(path_file, sizeof path_file), &text, NULL), GB_OK);
    assert_string_equal(text, "\\a\\\\x0a"); /* the separator, then an escaped newline */
    assert_int_equal(uefi_device_path_text(*state, gb_bytes("\3\77\4\0", 4), &text, NULL), GB_OK);
    assert_string_equal(text, "Path(3,63)");
    assert_int_equal(uefi_device_path_text(*state, gb_bytes(NULL, 0), &text, NULL), GB_OK);
    assert_string_equal(text, "");
}

static void device_paths_that_do_not_add_up_are_refused(void **state)
{
    const char *text = NULL;
    struct gb_err err;
    assert_int_equal(uefi_device_path_text(*state, gb_bytes("\1\1\3\0", 4), &text, &err),
                     GB_ERR_INPUT);
    assert_string_equal(err.text, "device path node is smaller than its head");
    assert_int_equal(uefi_device_path_text(*state, gb_bytes("\1\1\7\0\0\0", 6), &text, &err),
                     GB_ERR_INPUT);
    assert_int_equal(uefi_device_path_text(*state, gb_bytes("\1\1\5\0\0", 5), &text, &err),
                     GB_ERR_INPUT);
    assert_int_equal(err.offset, 5); /* a PCI node of one byte */
    uint8_t many[65 * 4];
    for (size_t i = 0; i < sizeof many; i += 4)
        memcpy(many + i, "\5\1\4\0", 4);
    assert_int_equal(uefi_device_path_text(*state, gb_bytes(many, 64 * 4), &text, &err), GB_OK);
    assert_int_equal(uefi_device_path_text(*state, gb_bytes(many, sizeof many), &text, &err),
                     GB_ERR_INPUT);
    assert_string_equal(err.text, "device path has too many nodes");
}

static void image_loads_are_read(void **state)
{
    struct gb_buf out;
    struct uefi_image_load image;
    gb_buf_init(&out, 1024);
    put_u64le(&out, 0x1000);
    put_u64le(&out, 0x2000);
    put_u64le(&out, 0);
    put_u64le(&out, sizeof path_pci);
    gb_buf_add(&out, path_pci, sizeof path_pci);
    for (size_t cut = 0; cut < out.len; cut++)
        assert_int_equal(uefi_image_load_read(*state, gb_bytes(out.data, cut), &image, NULL),
                         GB_ERR_INPUT);
    gb_buf_puts(&out, "old shim");
    assert_int_equal(uefi_image_load_read(*state, gb_buf_bytes(&out), &image, NULL), GB_OK);
    assert_int_equal(image.address, 0x1000);
    assert_int_equal(image.length, 0x2000);
    assert_string_equal(image.path, "PciRoot(0x0)/Pci(0x3,0x1)");
    gb_buf_done(&out);
}

/* ---- EV_IPL and tags ---- */

static void assert_ipl(struct gb_arena *arena, uint32_t pcr, struct gb_bytes data,
                       enum uefi_ipl_kind kind, const char *text)
{
    struct boot_event event = {.pcr = pcr, .type = EV_IPL, .data = data};
    struct uefi_ipl ipl;
    assert_int_equal(uefi_ipl_read(arena, &event, &ipl, NULL), GB_OK);
    assert_int_equal(ipl.kind, kind);
    assert_string_equal(ipl.text, text);
}

static void ipl_events_are_told_apart(void **state)
{
    struct gb_buf utf16;
    gb_buf_init(&utf16, 256);
#define TEXT(t) gb_bytes(t, sizeof(t)) /* with its NUL */
    assert_ipl(*state, 8, TEXT("grub_cmd: set a=b"), UEFI_IPL_GRUB_COMMAND, "set a=b");
    assert_ipl(*state, 8, TEXT("grub_cmd set a=b"), UEFI_IPL_GRUB_COMMAND, "set a=b");
    assert_ipl(*state, 8, TEXT("kernel_cmdline: /vmlinuz quiet"), UEFI_IPL_GRUB_CMDLINE,
               "/vmlinuz quiet");
    assert_ipl(*state, 8, TEXT("grub_kernel_cmdline (hd0)/vmlinuz"), UEFI_IPL_GRUB_CMDLINE,
               "(hd0)/vmlinuz");
    assert_ipl(*state, 8, TEXT("module_cmdline: x"), UEFI_IPL_GRUB_CMDLINE, "x");
    assert_ipl(*state, 9, TEXT("(hd0,gpt1)/grub.cfg"), UEFI_IPL_GRUB_FILE, "(hd0,gpt1)/grub.cfg");
    assert_ipl(*state, 14, TEXT("MokList"), UEFI_IPL_SHIM_VARIABLE, "MokList");
    assert_ipl(*state, 3, TEXT("MokListTrusted"), UEFI_IPL_SHIM_VARIABLE, "MokListTrusted");
    assert_ipl(*state, 3, TEXT("/boot/grub.cfg"), UEFI_IPL_GRUB_FILE, "/boot/grub.cfg");
    assert_ipl(*state, 4, TEXT("MBR"), UEFI_IPL_OTHER, "MBR");
    assert_ipl(*state, 8, gb_bytes(NULL, 0), UEFI_IPL_OTHER, "");
#undef TEXT
    make_utf16(&utf16, ".cmdline");
    assert_ipl(*state, 11, gb_buf_bytes(&utf16), UEFI_IPL_UKI_SECTION, ".cmdline");
    assert_ipl(*state, 12, gb_buf_bytes(&utf16), UEFI_IPL_STUB_CMDLINE, ".cmdline");
    utf16.len = 0;
    make_utf16(&utf16, "Credentials initrd");
    gb_buf_u16le(&utf16, 0);
    assert_ipl(*state, 12, gb_buf_bytes(&utf16), UEFI_IPL_OTHER, "Credentials initrd");
    gb_buf_done(&utf16);
}

static void tagged_events_are_read(void **state)
{
    (void)state;
    struct uefi_tagged tagged;
    static const uint8_t in[] = {0xec, 0x22, 0x3b, 0x8f, 3, 0, 0, 0, 'a', 'b', 'c'};
    assert_int_equal(uefi_tagged_read(gb_bytes(in, sizeof in), &tagged, NULL), GB_OK);
    assert_true(tagged.id == 0x8f3b22ec);
    assert_true(gb_bytes_is(tagged.data, "abc"));
    for (size_t cut = 0; cut < sizeof in; cut++)
        assert_int_equal(uefi_tagged_read(gb_bytes(in, cut), &tagged, NULL), GB_ERR_INPUT);
    static const uint8_t more[] = {1, 0, 0, 0, 0, 0, 0, 0, 'a'};
    assert_int_equal(uefi_tagged_read(gb_bytes(more, sizeof more), &tagged, NULL), GB_ERR_INPUT);
}

/* ---- descriptions ---- */

static void assert_described(struct gb_arena *arena, uint32_t type, struct gb_bytes data,
                             const char *text)
{
    struct boot_event event = {.pcr = 8, .type = type, .data = data};
    const char *got = NULL;
    assert_int_equal(uefi_describe(arena, &event, &got, NULL), GB_OK);
    assert_string_equal(got, text);
}

static void events_are_described(void **state)
{
    struct gb_buf v;
    gb_buf_init(&v, 1024);
    assert_described(*state, EV_SEPARATOR, gb_bytes("\0\0\0\0", 4), "end of the firmware's part");
    assert_described(*state, EV_SEPARATOR, gb_bytes("\1\0\0\0", 4),
                     "the firmware reports an error");
    assert_described(*state, EV_SEPARATOR, gb_bytes("WBCL", 4), "WBCL");
    assert_described(*state, EV_NO_ACTION, gb_bytes("StartupLocality\0\3", 17),
                     "startup locality 3");
    assert_described(*state, EV_EFI_ACTION, gb_bytes_str("Calling"), "Calling");
    assert_described(*state, 0x1234, gb_bytes("\1\2", 2), "2 bytes");
    assert_described(*state, EV_IPL, gb_bytes_str("kernel_cmdline: a\nb"),
                     "kernel command line: a\\x0ab");
    make_variable(&v, UEFI_GLOBAL_VARIABLE.bytes, "SecureBoot", gb_bytes("\1", 1));
    assert_described(*state, EV_EFI_VARIABLE_DRIVER_CONFIG, gb_buf_bytes(&v), "SecureBoot = 1");
    v.len = 0;
    make_variable(&v, UEFI_IMAGE_SECURITY_DB.bytes, "dbx", gb_bytes(NULL, 0));
    assert_described(*state, EV_EFI_VARIABLE_DRIVER_CONFIG, gb_buf_bytes(&v), "dbx: empty");
    v.len = 0;
    make_variable(&v, UEFI_GLOBAL_VARIABLE.bytes, "BootOrder", gb_bytes("\1\0\x0a\0", 4));
    assert_described(*state, EV_EFI_VARIABLE_BOOT, gb_buf_bytes(&v), "BootOrder: 0001 000a");
    v.len = 0;
    make_variable(&v, UEFI_SHIM_LOCK.bytes, "SbatLevel", gb_bytes_str("sbat,1,2022\nshim,2\n"));
    assert_described(*state, EV_EFI_VARIABLE_AUTHORITY, gb_buf_bytes(&v), "SbatLevel: sbat,1,2022");
    gb_buf_done(&v);
}

static void payloads_that_do_not_decode_are_refused(void **state)
{
    static const uint32_t types[] = {
        EV_SEPARATOR,
        EV_POST_CODE2,
        EV_EVENT_TAG,
        EV_EFI_PLATFORM_FIRMWARE_BLOB2,
        EV_EFI_HANDOFF_TABLES,
        EV_EFI_VARIABLE_DRIVER_CONFIG,
        EV_EFI_VARIABLE_BOOT,
        EV_EFI_VARIABLE_BOOT2,
        EV_EFI_VARIABLE_AUTHORITY,
        EV_EFI_BOOT_SERVICES_APPLICATION,
        EV_EFI_GPT_EVENT,
    };
    const char *text = "before";
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct boot_event event = {.type = types[i], .data = gb_bytes("\1", 1)};
        assert_int_equal(uefi_describe(*state, &event, &text, NULL), GB_ERR_INPUT);
        assert_string_equal(text, "before");
    }
}

/* A description of each kind with the nth allocation failing. */
static void failed_allocations_are_errors(void **state)
{
    (void)state;
    struct gb_buf lists;
    struct gb_buf v;
    struct gb_buf gpt;
    struct gb_buf image;
    gb_buf_init(&lists, 64 << 10);
    gb_buf_init(&v, 64 << 10);
    gb_buf_init(&gpt, 64 << 10);
    gb_buf_init(&image, 64 << 10);
    put_list(&lists, &UEFI_CERT_SHA256, 28 + 600 * 18, 0, 18);
    for (size_t i = 0; i < 600; i++)
        put_signature(&lists, 1, "h1");
    make_variable(&v, UEFI_IMAGE_SECURITY_DB.bytes, "db", gb_buf_bytes(&lists));
    put_gpt(&gpt, 128, 200, 200);
    put_u64le(&image, 0);
    put_u64le(&image, 0);
    put_u64le(&image, 0);
    put_u64le(&image, sizeof path_file);
    gb_buf_add(&image, path_file, sizeof path_file);
    const struct boot_event events[] = {
        {.type = EV_EFI_VARIABLE_DRIVER_CONFIG, .data = gb_buf_bytes(&v)},
        {.type = EV_EFI_GPT_EVENT, .data = gb_buf_bytes(&gpt)},
        {.type = EV_EFI_BOOT_SERVICES_APPLICATION, .data = gb_buf_bytes(&image)},
        {.type = EV_IPL, .pcr = 8, .data = gb_buf_bytes(&lists)},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        bool failed = true;
        for (unsigned long n = 1; failed; n++) {
            const char *text = NULL;
            gb_mem_fail_nth(n);
            struct gb_arena *arena = gb_arena_new();
            int r = arena ? uefi_describe(arena, &events[i], &text, NULL) : GB_ERR_NOMEM;
            failed = gb_mem_failed();
            gb_mem_fail_nth(0);
            gb_arena_free(arena);
            assert_int_equal(r, failed ? GB_ERR_NOMEM : GB_OK);
        }
    }
    gb_buf_done(&lists);
    gb_buf_done(&v);
    gb_buf_done(&gpt);
    gb_buf_done(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guids_print_as_uefi_writes_them),
        cmocka_unit_test(variables_are_read),
        cmocka_unit_test(variables_that_do_not_add_up_are_refused),
        cmocka_unit_test(T10_lists_of_several_types_are_read),
        cmocka_unit_test(T10_the_signature_header_is_passed_over),
        cmocka_unit_test(T10_sizes_that_do_not_add_up_are_refused),
        cmocka_unit_test(T10_every_truncation_is_refused),
        cmocka_unit_test(T10_too_many_lists_are_refused),
        cmocka_unit_test(certificates_are_named_by_their_subject),
        cmocka_unit_test(partition_tables_are_read),
        cmocka_unit_test(partition_tables_that_do_not_add_up_are_refused),
        cmocka_unit_test(device_paths_are_put_into_words),
        cmocka_unit_test(device_paths_that_do_not_add_up_are_refused),
        cmocka_unit_test(image_loads_are_read),
        cmocka_unit_test(ipl_events_are_told_apart),
        cmocka_unit_test(tagged_events_are_read),
        cmocka_unit_test(events_are_described),
        cmocka_unit_test(payloads_that_do_not_decode_are_refused),
        cmocka_unit_test(failed_allocations_are_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
