/* Real boots judged against sets captured from a real boot: the whole way, from files to tiers. */
#include <stdio.h>

#include "../test.h"
#include "cli/evidence/attest_dir.h"
#include "reference/capture.h"

/* Sets and policy from one case, written and read again. */
static struct trust captured(struct gb_arena *arena, const char *vectors, const char *name)
{
    static const enum ref_class classes[] = {REF_PLATFORM, REF_OS, REF_PACKAGES};
    char dir[4096];
    struct trust trust = {0};
    struct asked asked = {0};
    struct claims claims;
    struct verdict verdict;
    struct gb_err err = {0};
    snprintf(dir, sizeof dir, "%s/boot/%s", vectors, name);
    assert_int_equal(attest_dir(arena, &trust, &asked, dir, &claims, &verdict, &err), 0);
    assert_int_equal(verdict.tier, GB_TIER_AFFIRMING);
    struct gb_buf out;
    gb_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < GB_ARRAY_LEN(classes); i++) {
        struct ref_set *set = NULL;
        const char *set_name = ref_class_name(classes[i]);
        assert_int_equal(capture(arena, &claims, classes[i], set_name, &set, &err), 0);
        ref_set_write(&out, set);
    }
    const struct policy_file file = {"captured.yaml", gb_arena_copy(arena, gb_buf_bytes(&out))};
    gb_buf_done(&out);
    assert_int_equal(policy_read(arena, &file, 1, 1, &trust.policy, &err), 0);
    return trust;
}

/* What a case must come to, judged by the sets of another. */
static const struct {
    const char *from;
    const char *judged;
    enum gb_tier tier;
    enum gb_link broken[8];
    enum gb_finding_code code; /* in the last broken link */
} rows[] = {
    {"01-uki-good", "01-uki-good", GB_TIER_AFFIRMING, {0}, GB_FINDING_NONE},
    {"01-uki-good", "17-uki-crb-ecc", GB_TIER_AFFIRMING, {0}, GB_FINDING_NONE},
    {"17-uki-crb-ecc", "01-uki-good", GB_TIER_AFFIRMING, {0}, GB_FINDING_NONE},
    {"01-uki-good",
     "03-uki-cmdline",
     GB_TIER_CONTRAINDICATED,
     {GB_LINK_BOOTLOADER, GB_LINK_CMDLINE},
     GB_FINDING_CMDLINE_CHANGED},
    {"01-uki-good",
     "08-uki-evil-binary",
     GB_TIER_CONTRAINDICATED,
     {GB_LINK_OS},
     GB_FINDING_IMA_UNKNOWN},
    {"01-uki-good",
     "22-uki-sb-snakeoil",
     GB_TIER_CONTRAINDICATED,
     {GB_LINK_FIRMWARE, GB_LINK_BOOT_POLICY, GB_LINK_BOOTLOADER},
     GB_FINDING_REF_CHANGED},
    {"22-uki-sb-snakeoil", "22-uki-sb-snakeoil", GB_TIER_AFFIRMING, {0}, GB_FINDING_NONE},
    {"24-grub-sb-ms", "24-grub-sb-ms", GB_TIER_AFFIRMING, {0}, GB_FINDING_NONE},
    {"24-grub-sb-ms",
     "44-forged-event-data-lies",
     GB_TIER_CONTRAINDICATED,
     {GB_LINK_EVIDENCE},
     GB_FINDING_EVENT_DATA},
    {"01-uki-good",
     "41-forged-ima-entry-removed",
     GB_TIER_CONTRAINDICATED,
     {GB_LINK_EVIDENCE},
     GB_FINDING_IMA_REPLAY},
    {"01-uki-good",
     "37-uki-partial-quote",
     GB_TIER_CONTRAINDICATED,
     {GB_LINK_EVIDENCE},
     GB_FINDING_PCR_UNQUOTED},
};

static bool has_code(const struct verdict *verdict, enum gb_link link, enum gb_finding_code code)
{
    for (const struct gb_finding *f = verdict->findings.first; f; f = f->next)
        if (f->link == link && f->code == code)
            return true;
    return false;
}

static void check_row(struct gb_arena *arena, const char *vectors, size_t i)
{
    char dir[4096];
    struct trust trust = captured(arena, vectors, rows[i].from);
    struct asked asked = {0};
    struct claims claims;
    struct verdict verdict;
    struct gb_err err = {0};
    snprintf(dir, sizeof dir, "%s/boot/%s", vectors, rows[i].judged);
    assert_int_equal(attest_dir(arena, &trust, &asked, dir, &claims, &verdict, &err), 0);
    assert_string_equal(gb_tier_name(verdict.tier), gb_tier_name(rows[i].tier));
    size_t at = 0;
    for (int l = GB_LINK_EVIDENCE; l < GB_LINK_COUNT; l++) {
        bool broken = rows[i].broken[at] == (enum gb_link)l;
        if (broken != (verdict.links[l].tier == GB_TIER_CONTRAINDICATED))
            fail_msg("%s by %s: %s is %s", rows[i].judged, rows[i].from,
                     gb_link_name((enum gb_link)l), gb_tier_name(verdict.links[l].tier));
        at += broken;
    }
    assert_int_equal(rows[i].broken[at], GB_LINK_NONE);
    if (at > 0)
        assert_true(has_code(&verdict, rows[i].broken[at - 1], rows[i].code));
}

static void blame_names_what_differs_and_nothing_else(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        struct gb_arena *arena = gb_arena_new();
        assert_non_null(arena);
        check_row(arena, vectors, i);
        gb_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blame_names_what_differs_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
