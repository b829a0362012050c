#include "../test.h"
#include "base/arena.h"
#include "make_pe.h"
#include "reference/boot/authenticode.h"

static struct gb_arena *arena;
static struct digester *digester;
static struct gb_buf buf;

static const struct make_pe_section sections[] = {
    {".text", {(const uint8_t *)"some code", 9}, 0},
    {".bss", {NULL, 0}, 64},
    {".data", {(const uint8_t *)"0123456789", 10}, 700},
};

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    gb_buf_init(&buf, 1 << 20);
    make_pe(&buf, sections, GB_ARRAY_LEN(sections));
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

static void compute(enum digest_alg alg, uint8_t *out)
{
    struct pe_image image;
    assert_int_equal(pe_read(arena, gb_buf_bytes(&buf), &image, NULL), 0);
    assert_int_equal(authenticode_digest(digester, alg, &image, out, NULL), 0);
}

/* The same in other words: an image without gaps is hashed whole, but for two holes and its tail
 * of certificates. */
static void expect(enum digest_alg alg, size_t certificates, uint8_t *out)
{
    size_t second = MAKE_PE_SECURITY_AT + 8;
    struct gb_buf rest;
    gb_buf_init(&rest, 1 << 20);
    gb_buf_add(&rest, buf.data, MAKE_PE_CHECKSUM_AT);
    gb_buf_add(&rest, buf.data + MAKE_PE_CHECKSUM_AT + 4,
               MAKE_PE_SECURITY_AT - MAKE_PE_CHECKSUM_AT - 4);
    gb_buf_add(&rest, buf.data + second, buf.len - second - certificates);
    assert_int_equal(digest_of(digester, alg, gb_buf_bytes(&rest), out), 0);
    gb_buf_done(&rest);
}

static void assert_as_expected(size_t certificates)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        uint8_t found[64];
        uint8_t wanted[64];
        compute(digest_algs[i], found);
        expect(digest_algs[i], certificates, wanted);
        assert_memory_equal(found, wanted, digest_size(digest_algs[i]));
    }
}

static void covers_all_but_checksum_and_certificate_entry(void **state)
{
    (void)state;
    assert_as_expected(0);
    uint8_t before[32];
    uint8_t after[32];
    compute(DIGEST_SHA256, before);
    make_pe_patch(&buf, MAKE_PE_CHECKSUM_AT, 0xdeadbeef);
    compute(DIGEST_SHA256, after);
    assert_memory_equal(before, after, 32);
    make_pe_patch(&buf, MAKE_PE_CHECKSUM_AT + 4, 0xdeadbeef); /* subsystem */
    compute(DIGEST_SHA256, after);
    assert_memory_not_equal(before, after, 32);
}

static void signing_changes_nothing(void **state)
{
    (void)state;
    uint8_t unsigned_digest[32];
    uint8_t signed_digest[32];
    compute(DIGEST_SHA256, unsigned_digest);
    make_pe_sign(&buf, 1472);
    assert_as_expected(1472);
    compute(DIGEST_SHA256, signed_digest);
    assert_memory_equal(unsigned_digest, signed_digest, 32);
}

/* What sbsign and objcopy leave behind the last section, at lengths that are no multiple of 8:
 * firmware hashes as many bytes as there are. */
static void bytes_behind_the_sections_count(void **state)
{
    (void)state;
    uint8_t before[32];
    uint8_t after[32];
    compute(DIGEST_SHA256, before);
    gb_buf_puts(&buf, "symbols"); /* seven bytes */
    assert_as_expected(0);
    compute(DIGEST_SHA256, after);
    assert_memory_not_equal(before, after, 32);
    make_pe_sign(&buf, 9);
    assert_as_expected(9);
}

static void sections_are_hashed_in_the_order_of_the_file(void **state)
{
    (void)state;
    uint8_t swapped[MAKE_PE_SECTION];
    uint8_t *first = buf.data + MAKE_PE_TABLE_AT;
    uint8_t *third = first + 2 * (size_t)MAKE_PE_SECTION;
    memcpy(swapped, first, sizeof swapped);
    memcpy(first, third, sizeof swapped);
    memcpy(third, swapped, sizeof swapped);
    assert_as_expected(0);
}

/* The specification's step 13: the rest begins where the sum of what was hashed ends, gap or not.
 */
static void a_gap_moves_the_rest(void **state)
{
    (void)state;
    enum { RAW_SIZE = 16, DATA_AT = MAKE_PE_HEADERS + MAKE_PE_ALIGN };
    gb_buf_puts(&buf, "rest");
    make_pe_patch(&buf, MAKE_PE_TABLE_AT + RAW_SIZE, MAKE_PE_ALIGN / 2); /* .text ends early */
    struct gb_buf rest;
    gb_buf_init(&rest, 1 << 20);
    gb_buf_add(&rest, buf.data, MAKE_PE_CHECKSUM_AT);
    gb_buf_add(&rest, buf.data + MAKE_PE_CHECKSUM_AT + 4,
               MAKE_PE_SECURITY_AT - MAKE_PE_CHECKSUM_AT - 4);
    gb_buf_add(&rest, buf.data + MAKE_PE_SECURITY_AT + 8,
               MAKE_PE_HEADERS - MAKE_PE_SECURITY_AT - 8);
    gb_buf_add(&rest, buf.data + MAKE_PE_HEADERS, MAKE_PE_ALIGN / 2);
    gb_buf_add(&rest, buf.data + DATA_AT, MAKE_PE_ALIGN);
    size_t hashed = MAKE_PE_HEADERS + MAKE_PE_ALIGN / 2 + MAKE_PE_ALIGN;
    gb_buf_add(&rest, buf.data + hashed, buf.len - hashed);
    uint8_t found[32];
    uint8_t wanted[32];
    compute(DIGEST_SHA256, found);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, gb_buf_bytes(&rest), wanted), 0);
    assert_memory_equal(found, wanted, 32);
    gb_buf_done(&rest);
}

static void sections_that_claim_more_than_the_file_are_refused(void **state)
{
    (void)state;
    enum { RAW_SIZE = 16, RAW_AT = 20 };
    /* Both sections say that they are the whole of the file behind the headers. */
    for (size_t i = 0; i < 3; i += 2) {
        size_t at = MAKE_PE_TABLE_AT + i * MAKE_PE_SECTION;
        make_pe_patch(&buf, at + RAW_SIZE, 2 * MAKE_PE_ALIGN);
        make_pe_patch(&buf, at + RAW_AT, MAKE_PE_HEADERS);
    }
    struct pe_image image;
    struct gb_err err;
    uint8_t out[32];
    assert_int_equal(pe_read(arena, gb_buf_bytes(&buf), &image, NULL), 0);
    assert_int_equal(authenticode_digest(digester, DIGEST_SHA256, &image, out, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, MAKE_PE_HEADERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(covers_all_but_checksum_and_certificate_entry, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(signing_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_behind_the_sections_count, setup, teardown),
        cmocka_unit_test_setup_teardown(sections_are_hashed_in_the_order_of_the_file, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_gap_moves_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(sections_that_claim_more_than_the_file_are_refused, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
