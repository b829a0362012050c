/* What earlier rounds found is told with what the last one found. */
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "server/ledger/story.h"

static struct json *read_json(const char *text)
{
    struct json *json = NULL;
    assert_int_equal(json_read(gb_bytes_str(text), &json, NULL), GB_OK);
    return json;
}

static void joins(const char *earlier, const char *now, const char *const *codes)
{
    struct json *before = read_json(earlier);
    struct json *json = read_json(now);
    story_join(before, json);
    const struct json *findings = json_get(json, "findings");
    size_t count = 0;
    for (; codes[count]; count++) {
        struct gb_bytes code;
        assert_true(json_get_text(json_at(findings, count), "code", &code));
        if (!gb_bytes_is(code, codes[count]))
            fail_msg("%zu: %.*s", count, (int)code.len, (const char *)code.data);
    }
    assert_int_equal(json_count(findings), count);
    json_free(before);
    json_free(json);
}

#define EVIDENCE                                                                                   \
    "{\"tier\":\"affirming\",\"link\":\"evidence\",\"code\":\"quote.signature-valid\","            \
    "\"message\":\"a\"}"
#define KERNEL                                                                                     \
    "{\"tier\":\"affirming\",\"link\":\"kernel\",\"code\":\"reference.match\",\"message\":\"b\"}"
#define UNKNOWN(path)                                                                              \
    "{\"tier\":\"contraindicated\",\"link\":\"os\",\"code\":\"ima.file-unknown\",\"message\":"     \
    "\"" path "\"}"
#define EARLIER                                                                                    \
    "{\"tier\":\"contraindicated\",\"link\":\"os\",\"code\":\"link.found-earlier\",\"message\":"   \
    "\"c\"}"

static void links_of_the_first_round_stay(void **state)
{
    (void)state;
    joins("{\"findings\":[" EVIDENCE "," KERNEL "]}",
          "{\"findings\":[" EVIDENCE "," UNKNOWN("/x") "]}",
          (const char *[]){"reference.match", "quote.signature-valid", "ima.file-unknown", NULL});
}

static void what_was_found_is_named(void **state)
{
    (void)state;
    joins("{\"findings\":[" UNKNOWN("/x") "]}", "{\"findings\":[" EARLIER "," UNKNOWN("/y") "]}",
          (const char *[]){"ima.file-unknown", "ima.file-unknown", NULL});
}

/* Without the words of that round, that there was one is all that can be said. */
static void an_earlier_finding_is_not_lost(void **state)
{
    (void)state;
    joins("{\"findings\":[" KERNEL "]}", "{\"findings\":[" EARLIER "]}",
          (const char *[]){"reference.match", "link.found-earlier", NULL});
}

static void the_same_is_said_once(void **state)
{
    (void)state;
    joins("{\"findings\":[" UNKNOWN("/x") "," KERNEL "]}", "{\"findings\":[" UNKNOWN("/x") "]}",
          (const char *[]){"reference.match", "ima.file-unknown", NULL});
}

static void other_shapes_add_nothing(void **state)
{
    (void)state;
    joins("[]", "{\"findings\":[" KERNEL "]}", (const char *[]){"reference.match", NULL});
    joins("{\"findings\":7}", "{\"findings\":[" KERNEL "]}",
          (const char *[]){"reference.match", NULL});
    struct json *now = read_json("{\"findings\":[" KERNEL "]}");
    story_join(NULL, now);
    assert_int_equal(json_count(json_get(now, "findings")), 1);
    json_free(now);
    story_join(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_of_the_first_round_stay),  cmocka_unit_test(what_was_found_is_named),
        cmocka_unit_test(an_earlier_finding_is_not_lost), cmocka_unit_test(the_same_is_said_once),
        cmocka_unit_test(other_shapes_add_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
