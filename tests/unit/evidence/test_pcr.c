#include <stdio.h>

#include "../test.h"
#include "base/buf.h"
#include "evidence/pcr.h"

static void banks_are_found_and_added_once(void **state)
{
    (void)state;
    struct pcr_values values = {0};
    assert_null(pcr_bank_find(&values, DIGEST_SHA256));
    struct pcr_bank *bank = pcr_bank_add(&values, DIGEST_SHA256);
    assert_non_null(bank);
    bank->mask = 5;
    assert_ptr_equal(pcr_bank_add(&values, DIGEST_SHA256), bank);
    assert_int_equal(pcr_bank_get(&values, DIGEST_SHA256)->mask, 5);
    assert_null(pcr_bank_add(&values, DIGEST_NONE));
    assert_int_equal(values.count, 1);
}

static void masks_read_as_people_say_them(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    assert_non_null(arena);
    assert_string_equal(pcr_mask_text(arena, 0), "no PCR");
    assert_string_equal(pcr_mask_text(arena, 0x10), "PCR 4");
    assert_string_equal(pcr_mask_text(arena, 0x4bff), "PCRs 0-9, 11, 14");
    assert_string_equal(pcr_mask_text(arena, 3), "PCRs 0-1");
    assert_string_equal(pcr_mask_text(arena, UINT32_MAX), "PCRs 0-31");
    assert_string_equal(pcr_mask_text(arena, 0xaaaaaaaa),
                        "PCRs 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31");
    gb_arena_free(arena);
}

static int read_selection(const uint8_t *in, size_t len, struct pcr_selection *ret,
                          struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes(in, len));
    pcr_selection_read(&r, ret);
    return gb_reader_finish(&r, err);
}

static void a_selection_gives_masks(void **state)
{
    (void)state;
    const uint8_t in[] = {0, 0, 0, 2, 0, 0x0b, 3, 0xff, 0x4b, 0x80, 0, 4, 1, 0};
    struct pcr_selection s;
    assert_int_equal(read_selection(in, sizeof in, &s, NULL), GB_OK);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.banks[0].alg_id, DIGEST_SHA256);
    assert_int_equal(s.banks[0].mask, 0x804bff);
    assert_int_equal(s.banks[1].alg_id, DIGEST_SHA1);
    assert_int_equal(s.banks[1].mask, 0);
}

static void bad_selections_are_refused(void **state)
{
    (void)state;
    const uint8_t twice[] = {0, 0, 0, 2, 0, 0x0b, 1, 1, 0, 0x0b, 1, 2};
    const uint8_t high[] = {0, 0, 0, 1, 0, 0x0b, 4, 0, 0, 0, 1};
    const uint8_t long_map[] = {0, 0, 0, 1, 0, 0x0b, 5, 0, 0, 0, 0, 0};
    const uint8_t no_map[] = {0, 0, 0, 1, 0, 0x0b, 0, 0};
    const uint8_t many[] = {0xff, 0xff, 0xff, 0xff, 0, 0x0b, 1, 1};
    struct pcr_selection s = {.count = 77};
    struct gb_err err;
    assert_int_equal(read_selection(twice, sizeof twice, &s, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "PCR bank is selected twice");
    assert_int_equal(read_selection(high, sizeof high, &s, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "PCR above 23 is selected");
    assert_int_equal(read_selection(long_map, sizeof long_map, &s, &err), GB_ERR_INPUT);
    assert_int_equal(read_selection(no_map, sizeof no_map, &s, &err), GB_ERR_INPUT);
    assert_int_equal(read_selection(many, sizeof many, &s, &err), GB_ERR_INPUT);
    assert_int_equal(s.count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(banks_are_found_and_added_once),
        cmocka_unit_test(masks_read_as_people_say_them),
        cmocka_unit_test(a_selection_gives_masks),
        cmocka_unit_test(bad_selections_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
