/* Kept evidence on the wire, and how much of a list its first entries are. */
#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "evidence/ima.h"
#include "evidence/kept.h"
#include "os/file.h"

static struct gb_arena *arena;
static const uint8_t transport[KEPT_TRANSPORT] = {9};
static const struct kept_document documents[] = {
    {{(const uint8_t *)"NodePolicy/nodes", 16}, {(const uint8_t *)"text", 4}}};

static int set_up(void **state)
{
    (void)state;
    arena = gb_arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gb_arena_free(arena);
    return 0;
}

static struct kept made(void)
{
    return (struct kept){.bundle = {.quote = gb_bytes_str("quote"),
                                    .signature = gb_bytes_str("signature"),
                                    .boot_log = gb_bytes_str("boot"),
                                    .ima = gb_bytes_str("ima")},
                         .nonce = gb_bytes_str("nonce"),
                         .transport = gb_bytes(transport, sizeof transport),
                         .issued_s = 1000,
                         .judged_s = 1001,
                         .before = gb_bytes_str("before"),
                         .facts = gb_bytes_str("{}"),
                         .facts_now = gb_bytes_str("{\"now\":1}"),
                         .trust_id = UINT64_MAX,
                         .then = {documents, 1},
                         .verdict = gb_bytes_str("{}")};
}

static struct gb_bytes encode(const struct kept *kept)
{
    struct gb_buf out;
    gb_buf_init(&out, 1 << 20);
    kept_write(&out, kept);
    assert_true(gb_buf_ok(&out));
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return copy;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct kept in = made(), out;
    assert_int_equal(kept_read(arena, encode(&in), &out, NULL), GB_OK);
    assert_true(gb_bytes_is(out.bundle.ima, "ima"));
    assert_true(gb_bytes_is(out.nonce, "nonce"));
    assert_true(gb_bytes_is(out.before, "before"));
    assert_true(gb_bytes_is(out.facts_now, "{\"now\":1}"));
    assert_true(gb_bytes_is(out.verdict, "{}"));
    assert_int_equal(out.issued_s, 1000);
    assert_int_equal(out.judged_s, 1001);
    assert_true(out.trust_id == UINT64_MAX);
    assert_int_equal(out.then.count, 1);
    assert_true(gb_bytes_is(out.then.items[0].name, "NodePolicy/nodes"));
    assert_true(gb_bytes_is(out.then.items[0].text, "text"));
    assert_int_equal(out.now.count, 0);
    in.verdict = (struct gb_bytes){0};
    assert_int_equal(kept_read(arena, encode(&in), &out, NULL), GB_OK);
    assert_null(out.verdict.data);
}

static void what_is_not_whole_is_refused(void **state)
{
    (void)state;
    struct kept in = made(), out;
    struct gb_err err;
    in.bundle.ima_from = 3;
    assert_int_equal(kept_read(arena, encode(&in), &out, &err), GB_ERR_INPUT);
    assert_non_null(strstr(err.text, "not whole"));
    in = made();
    in.transport.len = 31;
    assert_int_equal(kept_read(arena, encode(&in), &out, &err), GB_ERR_INPUT);
    assert_non_null(strstr(err.text, "key 4"));
}

static void no_part_of_it_is_it(void **state)
{
    (void)state;
    struct kept in = made(), out;
    struct gb_bytes all = encode(&in);
    for (size_t len = 0; len < all.len; len++)
        assert_true(kept_read(arena, gb_bytes(all.data, len), &out, NULL) < 0);
    uint8_t *longer = gb_arena_new_array(arena, uint8_t, all.len + 1);
    assert_non_null(longer);
    memcpy(longer, all.data, all.len);
    assert_true(kept_read(arena, gb_bytes(longer, all.len + 1), &out, NULL) < 0);
}

/* The first n entries alone are a list of n entries, in both forms. */
static void check_span(struct gb_bytes list)
{
    struct ima_log all, part;
    assert_int_equal(ima_read(arena, list, DIGEST_NONE, &all, NULL), GB_OK);
    assert_true(all.count > 2);
    assert_int_equal(ima_span(list, all.entries, 0), 0);
    for (size_t n = 1; n <= all.count; n++) {
        size_t len = ima_span(list, all.entries, n);
        assert_int_equal(ima_read(arena, gb_bytes(list.data, len), all.template_alg, &part, NULL),
                         GB_OK);
        assert_int_equal(part.count, n);
    }
    assert_int_equal(ima_span(list, all.entries, all.count), list.len);
}

static void a_list_is_cut_between_entries(void **state)
{
    (void)state;
    static const char ascii[] = "10 1d8d532d463c9f8c205d0df7787669a85f93e260 ima-ng "
                                "sha1:0000000000000000000000000000000000000000 boot_aggregate\n"
                                "10 1d8d532d463c9f8c205d0df7787669a85f93e261 ima-ng "
                                "sha1:0000000000000000000000000000000000000001 /a\n"
                                "10 1d8d532d463c9f8c205d0df7787669a85f93e262 ima-ng "
                                "sha1:0000000000000000000000000000000000000002 /b c\n";
    check_span(gb_bytes_str(ascii));
    const char *source = getenv("GARBOARD_SOURCE");
    if (!source)
        return;
    struct gb_bytes list;
    const char *path = gb_arena_printf(arena, "%s/tests/cases/evidence/good/ima_binary", source);
    assert_int_equal(file_read(arena, path, 1 << 20, &list, NULL), GB_OK);
    check_span(list);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_whole_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_part_of_it_is_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_is_cut_between_entries, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
