#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "os/file.h"
#include "result/ear.h"

/* All links from evidence to os affirming, under a policy. */
static struct verdict good(void)
{
    struct verdict verdict = {.tier = GB_TIER_AFFIRMING, .policy = "base version 3"};
    for (int i = GB_LINK_EVIDENCE; i <= GB_LINK_OS; i++)
        verdict.links[i].tier = GB_TIER_AFFIRMING;
    return verdict;
}

static uint8_t claim_of(const struct verdict *verdict, enum ear_claim claim)
{
    uint8_t vector[EAR_CLAIM_COUNT];
    ear_vector(verdict, vector);
    return vector[claim];
}

static void a_good_node_is_affirming_where_it_was_judged(void **state)
{
    (void)state;
    struct verdict verdict = good();
    const uint8_t expected[EAR_CLAIM_COUNT] = {[EAR_INSTANCE_IDENTITY] = 2,
                                               [EAR_CONFIGURATION] = 2,
                                               [EAR_EXECUTABLES] = 2,
                                               [EAR_HARDWARE] = 2};
    uint8_t vector[EAR_CLAIM_COUNT];
    ear_vector(&verdict, vector);
    assert_memory_equal(vector, expected, sizeof vector);
    assert_int_equal(ear_status(&verdict), GB_TIER_AFFIRMING);
}

/* Without IMA nothing is said of what ran since the boot. */
static void boot_alone_is_no_runtime(void **state)
{
    (void)state;
    struct verdict verdict = good();
    verdict.links[GB_LINK_OS].tier = GB_TIER_NONE;
    assert_int_equal(claim_of(&verdict, EAR_EXECUTABLES), 3);
    verdict.links[GB_LINK_OPTION_ROMS].tier = GB_TIER_NONE;
    assert_int_equal(claim_of(&verdict, EAR_HARDWARE), 2);
}

/* A measured link that nothing judged makes the whole a warning: then its claim does not affirm. */
static void what_was_not_judged_is_not_claimed(void **state)
{
    (void)state;
    for (int i = GB_LINK_FIRMWARE; i <= GB_LINK_OS; i++) {
        struct verdict verdict = good();
        verdict.links[i].tier = GB_TIER_NONE;
        verdict.tier = GB_TIER_WARNING;
        assert_int_equal(claim_of(&verdict, ear_links[i].claim), 0);
        assert_int_equal(ear_status(&verdict), GB_TIER_WARNING);
    }
    struct verdict nothing = {.tier = GB_TIER_CONTRAINDICATED};
    for (int i = EAR_INSTANCE_IDENTITY; i < EAR_CLAIM_COUNT; i++)
        assert_int_equal(claim_of(&nothing, (enum ear_claim)i), 0);
}

/* Every link, every tier: a claim never says better than its link, the status never better than
 * verdict and claims. */
static void nothing_is_said_better_than_it_is(void **state)
{
    (void)state;
    for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++)
        for (int tier = GB_TIER_AFFIRMING; tier <= GB_TIER_CONTRAINDICATED; tier++)
            for (int all = GB_TIER_AFFIRMING; all <= GB_TIER_CONTRAINDICATED; all++) {
                struct verdict verdict = good();
                verdict.links[i].tier = (enum gb_tier)tier;
                verdict.tier = (enum gb_tier)all;
                uint8_t value = claim_of(&verdict, ear_links[i].claim);
                assert_true(value == 0 || (int)ear_value_tier(value) >= tier);
                assert_true((int)ear_status(&verdict) >= all);
                assert_true(ear_status(&verdict) >= ear_value_tier(value));
            }
}

static void without_a_policy_the_status_is_none_or_worse(void **state)
{
    (void)state;
    struct verdict verdict = good();
    verdict.policy = NULL;
    assert_int_equal(ear_status(&verdict), GB_TIER_NONE);
    verdict.tier = GB_TIER_WARNING;
    assert_int_equal(ear_status(&verdict), GB_TIER_NONE);
    verdict.tier = GB_TIER_CONTRAINDICATED;
    assert_int_equal(ear_status(&verdict), GB_TIER_CONTRAINDICATED);
}

static void values_are_of_the_tier_that_they_stand_for(void **state)
{
    (void)state;
    for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++) {
        const struct ear_link *row = &ear_links[i];
        if (row->claim == EAR_CLAIM_NONE)
            continue;
        assert_int_equal(ear_value_tier(row->affirming), GB_TIER_AFFIRMING);
        assert_true(row->warning == 0 || ear_value_tier(row->warning) == GB_TIER_WARNING);
        assert_int_equal(ear_value_tier(row->contraindicated), GB_TIER_CONTRAINDICATED);
        assert_string_not_equal(ear_value_words(row->claim, row->affirming), "affirming");
        assert_string_not_equal(ear_value_words(row->claim, row->contraindicated),
                                "contraindicated");
    }
    assert_string_equal(ear_value_words(EAR_EXECUTABLES, 3), "approved at boot");
    assert_string_equal(ear_value_words(EAR_EXECUTABLES, 40), "warning");
    assert_int_equal(ear_value_tier(128), GB_TIER_NONE);
    assert_int_equal(ear_claim_of(gb_bytes_str("hardware")), EAR_HARDWARE);
    assert_int_equal(ear_claim_of(gb_bytes_str("none")), EAR_CLAIM_NONE);
}

/* The guide for relying parties publishes the same table, row for row. */
static void the_published_table_is_this_one(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    const char *path = gb_arena_printf(arena, "%s/docs/tokens.md", getenv("GARBOARD_SOURCE"));
    struct gb_bytes page;
    char number[3][8];
    assert_int_equal(file_read(arena, path, 1 << 20, &page, NULL), 0);
    for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++) {
        const struct ear_link *row = &ear_links[i];
        const uint8_t values[] = {row->affirming, row->warning, row->contraindicated};
        for (size_t k = 0; k < 3; k++)
            snprintf(number[k], sizeof number[k], values[k] ? "%u" : "-", values[k]);
        const char *claim = row->claim == EAR_CLAIM_NONE
                                ? "-"
                                : gb_arena_printf(arena, "`%s`", ear_claim_name(row->claim));
        const char *line =
            gb_arena_printf(arena, "\n| `%s` | %s | %s | %s | %s |\n",
                            gb_link_name((enum gb_link)i), claim, number[0], number[1], number[2]);
        if (!strstr((const char *)page.data, line))
            fail_msg("docs/tokens.md lacks%s", line);
    }
    gb_arena_free(arena);
}

static void the_claims_are_those_of_the_drafts(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct verdict verdict = good();
    verdict.tier = GB_TIER_CONTRAINDICATED;
    verdict.links[GB_LINK_KERNEL].tier = GB_TIER_CONTRAINDICATED;
    verdict.links[GB_LINK_OS].tier = GB_TIER_NONE;
    verdict.links[GB_LINK_CMDLINE].tier = GB_TIER_NONE;
    const struct ear_attester attester = {EAR_SUBMOD, &verdict};
    const struct ear ear = {.attesters = &attester,
                            .attester_count = 1,
                            .build = "keyd 1",
                            .issuer = "spiffe://a/keyd",
                            .subject = "spiffe://a/node/x",
                            .node = "x",
                            .trust_id = "0f",
                            .nonce = gb_bytes("\x01\x02\xff", 3),
                            .quote = gb_bytes("\xaa", 1),
                            .id = gb_bytes("\xbb", 1),
                            .issued_s = 1800000000,
                            .verified_at = "2027-01-15T08:00:00Z",
                            .life_s = 300};
    char *text = NULL;
    struct json *claims = ear_json(arena, &ear);
    assert_int_equal(json_print(claims, &text, NULL), 0);
    const char *head = "{\n"
                       "  \"eat_profile\": \"tag:ietf.org,2026:rats/ear#04\",\n"
                       "  \"iss\": \"spiffe://a/keyd\",\n"
                       "  \"sub\": \"spiffe://a/node/x\",\n"
                       "  \"iat\": 1800000000,\n"
                       "  \"nbf\": 1800000000,\n"
                       "  \"exp\": 1800000300,\n"
                       "  \"jti\": \"bb\",\n"
                       "  \"eat_nonce\": \"AQL_\",\n"
                       "  \"ear_verifier_id\": {\n"
                       "    \"developer\": \"https://garboard.dev\",\n"
                       "    \"build\": \"keyd 1\"\n"
                       "  },\n"
                       "  \"submods\": {\n"
                       "    \"node\": {\n"
                       "      \"ear_status\": \"contraindicated\",\n"
                       "      \"ear_trustworthiness_vector\": {\n"
                       "        \"instance-identity\": 2,\n"
                       "        \"executables\": 96,\n"
                       "        \"hardware\": 2\n"
                       "      },\n"
                       "      \"ear_appraisal_policy_ids\": [\n"
                       "        \"base version 3\"\n"
                       "      ]\n"
                       "    }\n"
                       "  },\n"
                       "  \"garboard.dev\": {\n"
                       "    \"node\": \"x\",\n"
                       "    \"tier\": \"contraindicated\",\n"
                       "    \"trusted\": false,\n";
    assert_int_equal(strncmp(text, head, strlen(head)), 0);
    assert_non_null(strstr(text, "\"verified_at\": \"2027-01-15T08:00:00Z\""));
    gb_free(text);
    json_free(claims);
    gb_arena_free(arena);
}

/* Each stands for itself: the bad one makes the good one no worse, nor the other way round. */
static void every_attester_has_a_submodule_of_its_own(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct verdict node = good();
    struct verdict card = {.tier = GB_TIER_CONTRAINDICATED, .policy = "cards version 1"};
    card.links[GB_LINK_FIRMWARE].tier = GB_TIER_CONTRAINDICATED;
    const struct ear_attester attesters[] = {{EAR_SUBMOD, &node}, {"card", &card}};
    const struct ear ear = {.attesters = attesters,
                            .attester_count = 2,
                            .build = "keyd 1",
                            .issuer = "spiffe://a/keyd",
                            .subject = "spiffe://a/node/x",
                            .node = "x",
                            .trust_id = "0f",
                            .verified_at = "2027-01-15T08:00:00Z",
                            .trusted = true};
    struct json *claims = ear_json(arena, &ear);
    const struct json *submods = json_get(claims, "submods");
    const struct json *second = json_get(submods, "card");
    const struct json *vector = json_get(second, "ear_trustworthiness_vector");
    struct ear_said said;
    struct gb_bytes text;
    uint64_t value = 0;
    assert_int_equal(ear_read(claims, &said, NULL), 0);
    assert_int_equal(said.status, GB_TIER_AFFIRMING);
    assert_int_equal(said.vector[EAR_HARDWARE], 2);
    assert_true(gb_bytes_is(said.policy, "base version 3"));
    assert_true(json_get_text(second, "ear_status", &text));
    assert_true(gb_bytes_is(text, "contraindicated"));
    assert_true(json_get_number(vector, "hardware", &value));
    assert_int_equal(value, 97);
    assert_null(json_get(vector, "instance-identity"));
    assert_true(json_as_text(json_at(json_get(second, "ear_appraisal_policy_ids"), 0), &text));
    assert_true(gb_bytes_is(text, "cards version 1"));
    assert_true(json_get_text(json_get(claims, EAR_OWN), "policy", &text));
    assert_true(gb_bytes_is(text, "base version 3"));
    json_free(claims);
    gb_arena_free(arena);
}

static int reads(const char *text, struct ear_said *ret_said)
{
    struct json *claims = NULL;
    assert_int_equal(json_read(gb_bytes_str(text), &claims, NULL), 0);
    int r = ear_read(claims, ret_said, NULL);
    json_free(claims);
    return r;
}

#define HEAD "{\"eat_profile\":\"" EAR_PROFILE "\",\"submods\":{\"node\":{\"ear_status\":"

static void a_result_is_read_or_refused_whole(void **state)
{
    (void)state;
    struct ear_said said;
    assert_int_equal(
        reads(HEAD "\"warning\",\"ear_trustworthiness_vector\":{\"hardware\":32,\"new\":7}}}}",
              &said),
        0);
    assert_int_equal(said.status, GB_TIER_WARNING);
    assert_int_equal(said.vector[EAR_HARDWARE], 32);
    assert_int_equal(said.vector[EAR_CONFIGURATION], 0);
    assert_int_equal(reads(HEAD "\"none\"}}}", &said), 0);
    assert_int_equal(said.status, GB_TIER_NONE);
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"eat_profile\":\"" EAR_PROFILE "\",\"submods\":{}}",
        "{\"eat_profile\":\"tag:github.com,2023:veraison/ear\",\"submods\":{\"node\":{"
        "\"ear_status\":\"affirming\"}}}",
        HEAD "2}}}",
        HEAD "\"good\"}}}",
        HEAD "\"affirming\",\"ear_trustworthiness_vector\":[]}}}",
        HEAD "\"affirming\",\"ear_trustworthiness_vector\":{\"hardware\":-1}}}}",
        HEAD "\"affirming\",\"ear_trustworthiness_vector\":{\"hardware\":128}}}}",
        HEAD "\"affirming\",\"ear_trustworthiness_vector\":{\"hardware\":\"2\"}}}}",
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++)
        if (reads(wrong[i], &said) != GB_ERR_INPUT)
            fail_msg("%s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_node_is_affirming_where_it_was_judged),
        cmocka_unit_test(boot_alone_is_no_runtime),
        cmocka_unit_test(what_was_not_judged_is_not_claimed),
        cmocka_unit_test(nothing_is_said_better_than_it_is),
        cmocka_unit_test(without_a_policy_the_status_is_none_or_worse),
        cmocka_unit_test(values_are_of_the_tier_that_they_stand_for),
        cmocka_unit_test(the_published_table_is_this_one),
        cmocka_unit_test(the_claims_are_those_of_the_drafts),
        cmocka_unit_test(every_attester_has_a_submodule_of_its_own),
        cmocka_unit_test(a_result_is_read_or_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
