#include <string.h>

#include "../test.h"
#include "base/finding.h"
#include "base/limits.h"
#include "base/mem.h"

/* The catalogue once more, to look at it from outside. */
static const struct {
    const char *id, *code, *sentence, *remedy;
    enum gb_tier tier;
} catalogue[] = {
#define X(id, code, tier, link, sentence, remedy) {#id, code, sentence, remedy, GB_TIER_##tier},
#include "base/finding_codes.h"
#undef X
};

static void every_code_is_known_once(void **state)
{
    (void)state;
    assert_int_equal(GB_ARRAY_LEN(catalogue), GB_FINDING_COUNT - 1);
    for (size_t i = 0; i < GB_ARRAY_LEN(catalogue); i++) {
        assert_string_equal(gb_finding_code_name((enum gb_finding_code)(i + 1)), catalogue[i].code);
        for (size_t k = 0; k < i; k++)
            if (strcmp(catalogue[i].code, catalogue[k].code) == 0)
                fail_msg("%s and %s share %s", catalogue[i].id, catalogue[k].id, catalogue[i].code);
    }
}

static void codes_are_two_lower_case_words_with_a_dot(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(catalogue); i++) {
        const char *code = catalogue[i].code;
        const char *dot = strchr(code, '.');
        size_t good = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-.");
        if (!dot || dot == code || !dot[1] || strchr(dot + 1, '.') || code[good] != 0)
            fail_msg("%s: %s", catalogue[i].id, code);
    }
}

static void each_has_a_sentence_and_a_no_has_a_remedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(catalogue); i++) {
        if (catalogue[i].sentence[0] == 0)
            fail_msg("%s has no sentence", catalogue[i].id);
        if (catalogue[i].tier == GB_TIER_CONTRAINDICATED && catalogue[i].remedy[0] == 0)
            fail_msg("%s says no, and not what to do", catalogue[i].id);
    }
}

/* Bit n: {n} stands in the text; -1 when a brace is anything else. */
static int placeholders(const char *text)
{
    int seen = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '}')
            return -1;
        if (*p != '{')
            continue;
        if (p[1] < '0' || p[1] >= '0' + GB_FINDING_ARGS || p[2] != '}')
            return -1;
        seen |= 1 << (p[1] - '0');
        p += 2;
    }
    return seen;
}

static void parameters_are_numbered_without_gaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(catalogue); i++) {
        int sentence = placeholders(catalogue[i].sentence);
        int remedy = placeholders(catalogue[i].remedy);
        int all = sentence | remedy;
        if (sentence < 0 || remedy < 0 || (all & (all + 1)) != 0)
            fail_msg("%s: {0} {1} {2} are not used from the first on", catalogue[i].id);
    }
}

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        assert_int_equal(gb_link_from_name(gb_bytes_str(gb_link_name((enum gb_link)i))), i);
    assert_int_equal(gb_link_from_name(gb_bytes_str("none")), GB_LINK_NONE);
    assert_int_equal(gb_link_from_name(gb_bytes_str("Kernel")), GB_LINK_NONE);
    assert_string_equal(gb_link_name(GB_LINK_BOOT_POLICY), "boot-policy");
    assert_string_equal(gb_link_name(GB_LINK_LOCATION), "location");
    assert_string_equal(gb_tier_name(GB_TIER_CONTRAINDICATED), "contraindicated");
    assert_string_equal(gb_log_name(GB_LOG_IMA), "ima");
}

static void a_list_keeps_order_and_the_worst(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_findings list = {.arena = arena};
    gb_finding_add(&list, GB_FINDING_QUOTE_SIGNED, GB_NO_EVENT, "RSA-2048", NULL, NULL);
    assert_int_equal(list.worst, GB_TIER_AFFIRMING);
    const struct gb_event_ref event = {.log = GB_LOG_IMA, .index = 41};
    gb_finding_add(&list, GB_FINDING_IMA_VIOLATION, event, "/etc/x", NULL, NULL);
    gb_finding_add(&list, GB_FINDING_QUOTE_SIGNED, GB_NO_EVENT, NULL, NULL, NULL);
    assert_int_equal(list.worst, GB_TIER_CONTRAINDICATED);
    assert_int_equal(list.count, 3);
    const struct gb_finding *f = list.first;
    assert_string_equal(gb_finding_message(arena, f), "the quote is signed by the AK (RSA-2048)");
    assert_string_equal(gb_finding_remedy(arena, f), "");
    f = f->next;
    assert_int_equal(f->tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(f->link, GB_LINK_OS);
    assert_int_equal(f->event.log, GB_LOG_IMA);
    assert_int_equal(f->event.index, 41);
    assert_string_equal(gb_finding_message(arena, f),
                        "/etc/x was open for writing while it was measured");
    f = f->next;
    assert_string_equal(gb_finding_message(arena, f), "the quote is signed by the AK (?)");
    assert_ptr_equal(f, list.last);
    assert_null(f->next);
}

/* Parameters are never read for placeholders themselves. */
static void a_parameter_may_look_like_one(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_finding f = {.code = GB_FINDING_NONCE_MISMATCH, .args = {"{1}%s", "{0}"}};
    assert_string_equal(gb_finding_message(arena, &f),
                        "the quote answers nonce {1}%s, asked was {0}");
}

static void beyond_the_ceiling_the_worst_still_counts(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_findings list = {.arena = arena};
    for (int i = 0; i < GB_LIMIT_FINDINGS; i++)
        assert_non_null(
            gb_finding_add(&list, GB_FINDING_QUOTE_SIGNED, GB_NO_EVENT, NULL, NULL, NULL));
    assert_null(gb_finding_add(&list, GB_FINDING_IMA_VIOLATION, GB_NO_EVENT, NULL, NULL, NULL));
    assert_int_equal(list.count, GB_LIMIT_FINDINGS);
    assert_int_equal(list.dropped, 1);
    assert_int_equal(list.worst, GB_TIER_CONTRAINDICATED);
    assert_false(list.failed);
}

static void a_finding_that_is_lost_is_remembered(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_findings list = {.arena = arena};
    gb_mem_fail_nth(1);
    assert_null(gb_finding_add(&list, GB_FINDING_QUOTE_MAGIC, GB_NO_EVENT, NULL, NULL, NULL));
    assert_true(list.failed);
    assert_int_equal(list.worst, GB_TIER_CONTRAINDICATED);
    struct gb_finding f = {.code = GB_FINDING_QUOTE_MAGIC};
    for (unsigned long nth = 1; nth <= 2; nth++) { /* the buffer, the arena */
        gb_mem_fail_nth(nth);
        assert_null(gb_finding_message(arena, &f));
    }
    gb_mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_known_once),
        cmocka_unit_test(codes_are_two_lower_case_words_with_a_dot),
        cmocka_unit_test(each_has_a_sentence_and_a_no_has_a_remedy),
        cmocka_unit_test(parameters_are_numbered_without_gaps),
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(a_list_keeps_order_and_the_worst),
        cmocka_unit_test(a_parameter_may_look_like_one),
        cmocka_unit_test(beyond_the_ceiling_the_worst_still_counts),
        cmocka_unit_test(a_finding_that_is_lost_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
