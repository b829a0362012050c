#include <stdio.h>

#include "../test.h"
#include "base/mem.h"
#include "result/verdict.h"

static char *print(struct json *value)
{
    char *text = NULL;
    assert_int_equal(json_print(value, &text, NULL), 0);
    json_free(value);
    return text;
}

static void a_finding_has_an_event_only_when_one_decided(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct gb_findings list = {.arena = arena};
    const struct gb_event_ref event = {.log = GB_LOG_IMA, .index = 7};
    gb_finding_add(&list, GB_FINDING_IMA_VIOLATION, event, "/x \"y\"", NULL, NULL);
    gb_finding_add(&list, GB_FINDING_BOOT_LOG_MISSING, GB_NO_EVENT, NULL, NULL, NULL);
    char *text = print(finding_json(arena, list.first, true));
    assert_string_equal(
        text, "{\n"
              "  \"tier\": \"contraindicated\",\n"
              "  \"link\": \"os\",\n"
              "  \"code\": \"ima.violation\",\n"
              "  \"message\": \"/x \\\"y\\\" was open for writing while it was measured\",\n"
              "  \"remedy\": \"its true contents are unknown; find the writer, reboot, and keep it "
              "from writing what root reads\",\n"
              "  \"event\": {\n"
              "    \"log\": \"ima\",\n"
              "    \"index\": 7\n"
              "  }\n"
              "}\n");
    gb_free(text);
    text = print(finding_json(arena, list.last, false));
    assert_null(strstr(text, "\"event\""));
    assert_null(strstr(text, "\"link\""));
    assert_non_null(strstr(text, "\"code\": \"boot-log.missing\""));
    gb_free(text);
    gb_arena_free(arena);
}

/* All links stand in the chain's order; a code stands once in its link, in order of discovery. */
static void a_verdict_lists_every_link_and_each_code_once(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct verdict verdict = {.tier = GB_TIER_CONTRAINDICATED, .findings = {.arena = arena}};
    verdict.links[GB_LINK_EVIDENCE].tier = GB_TIER_AFFIRMING;
    verdict.links[GB_LINK_OS].tier = GB_TIER_CONTRAINDICATED;
    for (int i = 0; i < 2; i++) {
        gb_finding_add(&verdict.findings, GB_FINDING_IMA_UNKNOWN, GB_NO_EVENT, "a", "b", NULL);
        gb_finding_add(&verdict.findings, GB_FINDING_IMA_VIOLATION, GB_NO_EVENT, "a", NULL, NULL);
        gb_finding_add(&verdict.findings, GB_FINDING_QUOTE_SIGNED, GB_NO_EVENT, "a", NULL, NULL);
    }
    struct json *value = verdict_json(arena, &verdict);
    char *text = NULL;
    assert_int_equal(json_print(value, &text, NULL), 0);
    const char *at = text;
    for (int l = GB_LINK_NONE + 1; l < GB_LINK_COUNT; l++) {
        char key[40];
        snprintf(key, sizeof key, "\n    \"%s\": {", gb_link_name((enum gb_link)l));
        at = strstr(at, key);
        assert_non_null(at);
    }
    assert_non_null(strstr(text, "\n  \"findings\": ["));
    const struct json *os = json_get(json_get(value, "links"), "os");
    const struct json *codes = json_get(os, "codes");
    struct gb_bytes tier;
    assert_true(json_get_text(os, "tier", &tier));
    assert_true(gb_bytes_is(tier, "contraindicated"));
    assert_int_equal(json_count(codes), 2);
    assert_non_null(strstr(text, "\"codes\": [\n        \"ima.file-unknown\",\n        "
                                 "\"ima.violation\"\n      ]"));
    assert_int_equal(json_count(json_get(value, "findings")), 6);
    gb_free(text);
    json_free(value);
    gb_arena_free(arena);
}

/* Short memory yields no JSON, not a shorter one. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct verdict verdict = {.tier = GB_TIER_AFFIRMING, .findings = {.arena = arena}};
    gb_finding_add(&verdict.findings, GB_FINDING_IMA_UNKNOWN, GB_NO_EVENT, "a", "b", NULL);
    int r = -1;
    unsigned long nth = 1;
    for (; r < 0; nth++) {
        struct gb_arena *scratch = gb_arena_new();
        char *text = NULL;
        gb_mem_fail_nth(nth);
        struct json *value = verdict_json(scratch, &verdict);
        r = json_print(value, &text, NULL);
        gb_mem_fail_nth(0);
        assert_int_equal(r == 0, text != NULL);
        gb_free(text);
        json_free(value);
        gb_arena_free(scratch);
    }
    assert_true(nth > 2);
    gb_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_has_an_event_only_when_one_decided),
        cmocka_unit_test(a_verdict_lists_every_link_and_each_code_once),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
