/* When two standings are the same: their members decide, and each of them. */
#include "../test.h"
#include "policy/judge/standing.h"

/* Assigned member by member into memory that held something else. */
static struct standing filled(uint8_t before)
{
    struct standing standing;
    memset(&standing, before, sizeof standing);
    for (size_t i = 0; i < GB_LINK_COUNT; i++)
        standing.links[i] = (struct standing_link){.worst = 2, .has_affirming = true};
    standing.policy_named = true;
    standing.files_judged = false;
    standing.disproven = false;
    standing.until_s = 7;
    return standing;
}

static void what_lies_between_members_says_nothing(void **state)
{
    (void)state;
    const struct standing a = filled(0), b = filled(0xff);
    assert_true(standing_same(&a, &b));
}

static void every_member_counts(void **state)
{
    (void)state;
    const struct standing as_was = filled(0);
    struct standing other[8];
    for (size_t i = 0; i < GB_ARRAY_LEN(other); i++)
        other[i] = as_was;
    other[0].policy_named = false;
    other[1].files_judged = true;
    other[2].until_s = 8;
    other[3].links[0].worst = 3;
    other[4].links[GB_LINK_COUNT - 1].has_affirming = false;
    other[5].links[1].unjudged = true;
    other[6].links[1].not_allowed = true;
    other[7].disproven = true;
    for (size_t i = 0; i < GB_ARRAY_LEN(other); i++)
        if (standing_same(&as_was, &other[i]))
            fail_msg("member %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_between_members_says_nothing),
        cmocka_unit_test(every_member_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
