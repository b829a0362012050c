#include <string.h>

#include "../test.h"
#include "base/check.h"
#include "cli/evidence/verdict_text.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/watch.h"

static struct json *read_it(const char *text)
{
    struct json *value = NULL;
    assert_int_equal(json_read(gb_bytes_str(text), &value, NULL), 0);
    return value;
}

static void members_are_escaped_or_a_dash(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(json_freep) struct json *o =
        read_it("{\"name\":\"a\\u001b[2Jb\",\"none\":null,\"empty\":\"\",\"n\":7,"
                "\"list\":[\"os\",\"ker\\nnel\",3]}");
    assert_string_equal(reply_text(arena, o, "name"), "a\\x1b[2Jb");
    assert_string_equal(reply_text(arena, o, "none"), "-");
    assert_string_equal(reply_text(arena, o, "empty"), "-");
    assert_string_equal(reply_text(arena, o, "absent"), "-");
    assert_string_equal(reply_text(arena, o, "n"), "-");
    assert_string_equal(reply_number(arena, o, "n"), "7");
    assert_string_equal(reply_number(arena, o, "name"), "-");
    assert_string_equal(reply_list(arena, o, "list"), "os, ker\\x0anel, -");
    assert_string_equal(reply_list(arena, o, "absent"), "-");
}

static void times_are_seen_from_now(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(json_freep) struct json *o = read_it("{\"at\":\"2026-11-20T21:30:00Z\"}");
    const int64_t at = 1795210200;
    assert_string_equal(reply_when(arena, o, "at", at), "0s ago");
    assert_string_equal(reply_when(arena, o, "at", at + 119), "119s ago");
    assert_string_equal(reply_when(arena, o, "at", at + 120), "2m ago");
    assert_string_equal(reply_when(arena, o, "at", at + 7200), "2h ago");
    assert_string_equal(reply_when(arena, o, "at", at + 200000), "2d ago");
    assert_string_equal(reply_when(arena, o, "at", at - 90), "in 90s");
    assert_string_equal(reply_when(arena, o, "absent", at), "-");
}

static void only_two_tiers_say_yes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } known[] = {
        {"{\"tier\":\"affirming\"}", CMD_OK},
        {"{\"tier\":\"warning\"}", CMD_OK},
        {"{\"tier\":\"contraindicated\"}", CMD_CONTRAINDICATED},
        {"{\"tier\":\"none\"}", CMD_CONTRAINDICATED},
        {"{\"tier\":\"Affirming\"}", CMD_CONTRAINDICATED},
        {"{\"tier\":3}", CMD_CONTRAINDICATED},
        {"{}", CMD_CONTRAINDICATED},
        {"[]", CMD_CONTRAINDICATED},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++) {
        gb_cleanup(json_freep) struct json *verdict = read_it(known[i].text);
        assert_int_equal(verdict_text_exit(verdict), known[i].code);
    }
}

static void a_name_cannot_leave_its_part_of_the_path(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    assert_string_equal(server_path(arena, "/v1/nodes/", "worker-1.x", "/verdict"),
                        "/v1/nodes/worker-1.x/verdict");
    assert_string_equal(server_path(arena, "/v1/eks/", "sha256:00ff", ""), "/v1/eks/sha256:00ff");
    assert_string_equal(server_path(arena, "/v1/nodes/", "../a b?c=%#\xc3\xa9", ""),
                        "/v1/nodes/..%2fa%20b%3fc%3d%25%23%c3%a9");
}

static void a_change_is_seen_once(void **state)
{
    (void)state;
    struct watch watch = {0};
    assert_true(watch_changed(&watch, "a", "one"));
    assert_false(watch_changed(&watch, "a", "one"));
    assert_true(watch_changed(&watch, "b", "one"));
    assert_true(watch_changed(&watch, "a", "two"));
    assert_true(watch_changed(&watch, "a", "one"));
    char name[2] = "0";
    for (int i = 0; i < 100; i++) { /* past the first block */
        name[0] = (char)(i + 128);
        assert_true(watch_changed(&watch, name, ""));
    }
    assert_false(watch_changed(&watch, "b", "one"));
    watch_done(&watch);
    watch_done(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_escaped_or_a_dash),
        cmocka_unit_test(times_are_seen_from_now),
        cmocka_unit_test(only_two_tiers_say_yes),
        cmocka_unit_test(a_name_cannot_leave_its_part_of_the_path),
        cmocka_unit_test(a_change_is_seen_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
