#include "../test.h"
#include "base/arena.h"
#include "make_pe.h"
#include "reference/boot/pe.h"

static struct gb_arena *arena;
static struct gb_buf buf;

static int setup(void **state)
{
    (void)state;
    const struct make_pe_section sections[] = {
        {".text", gb_bytes_str("some code"), 0},
        {".bss", gb_bytes(NULL, 0), 64},
        {".data", gb_bytes_str("0123456789"), 700},
    };
    arena = gb_arena_new();
    gb_buf_init(&buf, 1 << 20);
    make_pe(&buf, sections, GB_ARRAY_LEN(sections));
    return arena && gb_buf_ok(&buf) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_buf_done(&buf);
    gb_arena_free(arena);
    return 0;
}

static int read_it(struct pe_image *image, struct gb_err *err)
{
    return pe_read(arena, gb_buf_bytes(&buf), image, err);
}

static void assert_refused(enum gb_err_code code, size_t offset)
{
    struct pe_image image;
    struct gb_err err;
    assert_int_equal(read_it(&image, &err), code);
    assert_int_equal(err.offset, offset);
}

static void reads_headers_and_sections(void **state)
{
    (void)state;
    struct pe_image image;
    assert_int_equal(read_it(&image, NULL), 0);
    assert_int_equal(image.section_count, 3);
    assert_int_equal(image.headers_size, MAKE_PE_HEADERS);
    assert_int_equal(image.checksum_at, MAKE_PE_CHECKSUM_AT);
    assert_int_equal(image.security_at, MAKE_PE_SECURITY_AT);
    assert_int_equal(image.certificates_size, 0);
    const struct pe_section *text = pe_find(&image, ".text");
    assert_non_null(text);
    assert_int_equal(text->raw.len, MAKE_PE_ALIGN);
    assert_int_equal(text->virtual_size, 9);
    assert_memory_equal(text->raw.data, "some code", 9);
    assert_null(pe_find(&image, ".tex"));
    assert_null(pe_find(&image, ".texts"));
}

static void memory_is_cut_or_filled_to_the_virtual_size(void **state)
{
    (void)state;
    struct pe_image image;
    assert_int_equal(read_it(&image, NULL), 0);
    struct pe_memory text = pe_memory(pe_find(&image, ".text"));
    assert_int_equal(text.head.len, 9);
    assert_int_equal(text.zeros, 0);
    struct pe_memory data = pe_memory(pe_find(&image, ".data"));
    assert_int_equal(data.head.len, MAKE_PE_ALIGN);
    assert_int_equal(data.zeros, 700 - MAKE_PE_ALIGN);
    struct pe_memory bss = pe_memory(pe_find(&image, ".bss"));
    assert_int_equal(bss.head.len, 0);
    assert_int_equal(bss.zeros, 64);
}

static void what_is_no_image_is_refused(void **state)
{
    (void)state;
    buf.data[0] = 'X';
    assert_refused(GB_ERR_INPUT, 0);
    buf.data[0] = 'M';
    make_pe_patch(&buf, 0x3c, (uint32_t)buf.len + 1);
    assert_refused(GB_ERR_INPUT, 0x3c);
    make_pe_patch(&buf, 0x3c, (uint32_t)buf.len - 4);
    assert_refused(GB_ERR_INPUT, buf.len);
    make_pe_patch(&buf, 0x3c, MAKE_PE_AT);
    buf.data[MAKE_PE_AT] = 'X';
    assert_refused(GB_ERR_INPUT, MAKE_PE_AT);
    buf.data[MAKE_PE_AT] = 'P';
    buf.data[MAKE_PE_OPTIONAL_AT] = 0x07;
    assert_refused(GB_ERR_INPUT, MAKE_PE_OPTIONAL_AT);
}

static void counts_and_sizes_have_ceilings(void **state)
{
    (void)state;
    buf.data[MAKE_PE_COUNT_AT] = 0;
    assert_refused(GB_ERR_INPUT, MAKE_PE_COUNT_AT);
    buf.data[MAKE_PE_COUNT_AT] = 97;
    assert_refused(GB_ERR_INPUT, MAKE_PE_COUNT_AT);
    buf.data[MAKE_PE_COUNT_AT] = 17; /* 17 headers do not fit before 0x400 */
    assert_refused(GB_ERR_INPUT, MAKE_PE_TABLE_AT);
    buf.data[MAKE_PE_COUNT_AT] = 3;
    make_pe_patch(&buf, MAKE_PE_DIRECTORIES_AT, 17);
    assert_refused(GB_ERR_INPUT, MAKE_PE_DIRECTORIES_AT);
    make_pe_patch(&buf, MAKE_PE_DIRECTORIES_AT, 16);
    make_pe_patch(&buf, MAKE_PE_HEADERS_SIZE_AT, (uint32_t)buf.len + 1);
    assert_refused(GB_ERR_INPUT, MAKE_PE_HEADERS_SIZE_AT);
    make_pe_patch(&buf, MAKE_PE_HEADERS_SIZE_AT, MAKE_PE_HEADERS);
    make_pe_patch(&buf, MAKE_PE_TABLE_AT + 8, UINT32_MAX);
    assert_refused(GB_ERR_LIMIT, MAKE_PE_TABLE_AT + 8);
}

static void sections_and_certificates_lie_in_the_file(void **state)
{
    (void)state;
    enum { RAW_SIZE = 16, RAW_AT = 20 };
    make_pe_patch(&buf, MAKE_PE_TABLE_AT + RAW_AT, (uint32_t)buf.len - 1);
    assert_refused(GB_ERR_INPUT, MAKE_PE_TABLE_AT + RAW_SIZE);
    make_pe_patch(&buf, MAKE_PE_TABLE_AT + RAW_AT, UINT32_MAX);
    assert_refused(GB_ERR_INPUT, MAKE_PE_TABLE_AT + RAW_SIZE);
    make_pe_patch(&buf, MAKE_PE_TABLE_AT + RAW_AT, MAKE_PE_HEADERS);
    make_pe_sign(&buf, 16);
    make_pe_patch(&buf, MAKE_PE_SECURITY_AT + 4, 8); /* bytes behind the table */
    assert_refused(GB_ERR_INPUT, MAKE_PE_SECURITY_AT);
    make_pe_patch(&buf, MAKE_PE_SECURITY_AT + 4, UINT32_MAX);
    assert_refused(GB_ERR_INPUT, MAKE_PE_SECURITY_AT);
}

static void an_image_may_have_few_directories(void **state)
{
    (void)state;
    make_pe_patch(&buf, MAKE_PE_DIRECTORIES_AT, 4);
    struct pe_image image;
    assert_int_equal(read_it(&image, NULL), 0);
    assert_int_equal(image.security_at, 0);
}

static void T11_every_truncation_is_refused_or_whole(void **state)
{
    (void)state;
    for (size_t len = 0; len < buf.len; len++) {
        struct pe_image image;
        assert_int_equal(pe_read(arena, gb_bytes(buf.data, len), &image, NULL), GB_ERR_INPUT);
        gb_arena_reset(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_headers_and_sections, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_cut_or_filled_to_the_virtual_size, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_image_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_and_sizes_have_ceilings, setup, teardown),
        cmocka_unit_test_setup_teardown(sections_and_certificates_lie_in_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(an_image_may_have_few_directories, setup, teardown),
        cmocka_unit_test_setup_teardown(T11_every_truncation_is_refused_or_whole, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
