#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "wire/json.h"

static struct json *sample(void)
{
    struct json *root = json_new_object();
    json_set(root, "name", json_text("a\"b\\c\n"));
    json_set(root, "none", json_text(NULL));
    struct json *list = json_new_array();
    json_push(list, json_number(INT64_MAX));
    json_push(list, json_bool(true));
    json_push(list, json_hex(gb_bytes("\x00\xff", 2)));
    json_set(root, "list", list);
    json_set(root, "empty", json_new_object());
    json_set(root, "void", json_new_array());
    return root;
}

static void prints_what_was_built(void **state)
{
    (void)state;
    gb_cleanup(json_freep) struct json *root = sample();
    char *text = NULL;
    assert_int_equal(json_print(root, &text, NULL), 0);
    assert_string_equal(text, "{\n"
                              "  \"name\": \"a\\\"b\\\\c\\u000a\",\n"
                              "  \"none\": null,\n"
                              "  \"list\": [\n"
                              "    9223372036854775807,\n"
                              "    true,\n"
                              "    \"00ff\"\n"
                              "  ],\n"
                              "  \"empty\": {},\n"
                              "  \"void\": []\n"
                              "}\n");
    gb_free(text);
}

/* Output goes to terminals and to other people's parsers: always ASCII-safe, always UTF-8. */
static void escapes_what_could_rewrite_a_terminal(void **state)
{
    (void)state;
    gb_cleanup(json_freep) struct json *value =
        json_text("\x1b[2J\xc2\x9b\xe2\x80\xae\xff\xc3\xa9\xf3\xa0\x80\x81\xf0\x9f\x94\x92");
    char *text = NULL;
    assert_int_equal(json_print(value, &text, NULL), 0);
    assert_string_equal(text, "\"\\u001b[2J\\u009b\\u202e\\ufffd\xc3\xa9\\udb40\\udc01"
                              "\xf0\x9f\x94\x92\"\n");
    gb_free(text);
}

static void a_lost_value_is_not_printed(void **state)
{
    (void)state;
    char *text = NULL;
    struct gb_err err = {0};
    gb_cleanup(json_freep) struct json *root = json_new_object();
    struct json *inner = json_new_array();
    json_set(root, "inner", inner);
    json_push(inner, json_number((uint64_t)INT64_MAX + 1));
    assert_int_equal(json_print(root, &text, &err), GB_ERR_NOMEM);
    assert_null(text);
    assert_int_equal(json_print(NULL, &text, &err), GB_ERR_NOMEM);
}

static void a_key_twice_is_our_mistake(void **state)
{
    (void)state;
    char *text = NULL;
    gb_cleanup(json_freep) struct json *root = json_new_object();
    json_set(root, "a", json_number(1));
    json_set(root, "a", json_number(2));
    assert_int_equal(json_print(root, &text, NULL), GB_ERR_NOMEM);
}

static void wrong_containers_fail(void **state)
{
    (void)state;
    char *text = NULL;
    gb_cleanup(json_freep) struct json *array = json_new_array();
    json_set(array, "a", json_number(1));
    assert_int_equal(json_print(array, &text, NULL), GB_ERR_NOMEM);
    gb_cleanup(json_freep) struct json *object = json_new_object();
    json_push(object, json_number(1));
    assert_int_equal(json_print(object, &text, NULL), GB_ERR_NOMEM);
    json_set(NULL, "a", json_number(1)); /* freed, as the sanitizers see */
    json_push(NULL, json_number(1));
}

static struct json *read_ok(const char *text)
{
    struct json *value = NULL;
    assert_int_equal(json_read(gb_bytes_str(text), &value, NULL), 0);
    return value;
}

static void reads_what_it_printed(void **state)
{
    (void)state;
    gb_cleanup(json_freep) struct json *root = sample();
    char *first = NULL;
    char *second = NULL;
    assert_int_equal(json_print(root, &first, NULL), 0);
    gb_cleanup(json_freep) struct json *back = read_ok(first);
    assert_int_equal(json_print(back, &second, NULL), 0);
    assert_string_equal(first, second);
    gb_free(first);
    gb_free(second);
}

static void members_have_their_types(void **state)
{
    (void)state;
    gb_cleanup(json_freep) struct json *v =
        read_ok("{\"t\":\"x\",\"n\":7,\"m\":-7,\"f\":1.5,\"l\":[1,\"2\"],\"o\":{\"n\":8}}");
    struct gb_bytes text;
    uint64_t number = 0;
    assert_true(json_get_text(v, "t", &text) && gb_bytes_is(text, "x"));
    assert_true(json_get_number(v, "n", &number));
    assert_int_equal(number, 7);
    assert_false(json_get_number(v, "m", &number));
    assert_false(json_get_number(v, "f", &number));
    assert_false(json_get_number(v, "t", &number));
    assert_false(json_get_text(v, "n", &text));
    assert_false(json_get_text(v, "absent", &text));
    assert_int_equal(json_count(json_get(v, "l")), 2);
    assert_int_equal(json_count(json_get(v, "o")), 0);
    assert_null(json_at(json_get(v, "l"), 2));
    assert_null(json_get(json_at(json_get(v, "l"), 0), "t"));
    assert_true(json_get_number(json_get(v, "o"), "n", &number));
    assert_int_equal(number, 8);
}

static void refuse(const char *text, size_t len, int code, const char *why)
{
    struct json *value = NULL;
    struct gb_err err = {0};
    assert_int_equal(json_read(gb_bytes(text, len), &value, &err), code);
    assert_null(value);
    assert_string_equal(err.text, why);
}

static void refuses_what_two_readers_could_read_differently(void **state)
{
    (void)state;
#define REFUSE(text, why) refuse(text, sizeof text - 1, GB_ERR_INPUT, why)
    REFUSE("{\"a\":1,\"a\":2}", "JSON object has a key twice");
    REFUSE("{\"a\":1} x", "bytes follow the JSON value");
    REFUSE("{\"a\":1}{}", "bytes follow the JSON value");
    REFUSE("{\"a\":", "JSON ends early");
    REFUSE("", "JSON ends early");
    REFUSE("\"a\\u0000b\"", "JSON string holds a NUL");
    REFUSE("{\"a\\u0000b\":1}", "JSON string holds a NUL");
    REFUSE("\"\xc3\x28\"", "JSON is not UTF-8");
    REFUSE("\"\xed\xa0\x80\"", "JSON is not UTF-8");
    REFUSE("99999999999999999999", "JSON number is too large");
    REFUSE("1e999", "JSON number is too large");
    REFUSE("{a:1}", "not JSON");
    REFUSE("[1,]", "not JSON");
    REFUSE("1 // x", "bytes follow the JSON value");
}

static void depth_has_a_ceiling(void **state)
{
    (void)state;
    char text[2 * (GB_LIMIT_JSON_DEPTH + 1)];
    size_t n = GB_LIMIT_JSON_DEPTH;
    memset(text, '[', n);
    memset(text + n, ']', n);
    struct json *value = NULL;
    assert_int_equal(json_read(gb_bytes(text, 2 * n), &value, NULL), 0);
    json_free(value);
    n++;
    memset(text, '[', n);
    memset(text + n, ']', n);
    struct gb_err err;
    assert_int_equal(json_read(gb_bytes(text, 2 * n), &value, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, GB_LIMIT_JSON_DEPTH);
    /* Brackets within a string do not nest. */
    value = read_ok("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"");
    json_free(value);
}

/* A node per two bytes is what a stranger's body must not buy. */
static void T29_values_have_a_ceiling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t values; /* as they are counted: never fewer than there are */
    } cases[] = {{"0", 1},
                 {"[0]", 2},
                 {"[0,0,0]", 4},
                 {"{\"a\":1,\"b\":[2,3]}", 5},
                 {"[\",,,[[[{{{\",\"\\\",,,\"]", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json *value = NULL;
        struct gb_err err;
        struct gb_bytes in = gb_bytes_str(cases[i].text);
        assert_int_equal(json_read_at_most(in, cases[i].values, &value, &err), GB_OK);
        json_free(value);
        assert_int_equal(json_read_at_most(in, cases[i].values - 1, &value, &err), GB_ERR_INPUT);
        assert_non_null(strstr(err.text, "values"));
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (unsigned long nth = 1;; nth++) {
        char *text = NULL;
        gb_mem_fail_nth(nth);
        struct json *root = sample();
        int r = json_print(root, &text, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        json_free(root);
        gb_free(text);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (!failed)
            break;
    }
    for (unsigned long nth = 1;; nth++) {
        struct json *value = NULL;
        gb_mem_fail_nth(nth);
        int r = json_read(gb_bytes_str("{\"a\":[1,\"b\",{\"c\":null}]}"), &value, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        json_free(value);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (!failed)
            break;
    }
}

static void a_member_can_be_taken_out(void **state)
{
    (void)state;
    struct json *object = json_new_object();
    json_set(object, "a", json_number(1));
    json_set(object, "b", json_text("two"));
    json_set(object, "c", json_number(3));
    struct json *taken = json_take(object, "b");
    struct gb_bytes text = {0};
    assert_true(json_as_text(taken, &text));
    assert_true(gb_bytes_is(text, "two"));
    assert_null(json_take(object, "b"));
    assert_null(json_take(NULL, "b"));
    json_set(object, "d", taken);
    char *out = NULL;
    assert_int_equal(json_print(object, &out, NULL), 0);
    assert_string_equal(out, "{\n  \"a\": 1,\n  \"c\": 3,\n  \"d\": \"two\"\n}\n");
    gb_free(out);
    json_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_was_built),
        cmocka_unit_test(escapes_what_could_rewrite_a_terminal),
        cmocka_unit_test(a_lost_value_is_not_printed),
        cmocka_unit_test(a_key_twice_is_our_mistake),
        cmocka_unit_test(wrong_containers_fail),
        cmocka_unit_test(reads_what_it_printed),
        cmocka_unit_test(members_have_their_types),
        cmocka_unit_test(refuses_what_two_readers_could_read_differently),
        cmocka_unit_test(depth_has_a_ceiling),
        cmocka_unit_test(T29_values_have_a_ceiling),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_member_can_be_taken_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
