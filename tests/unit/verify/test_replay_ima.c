#include <stdio.h>

#include "../evidence/make_ima.h"
#include "../test.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"
#include "verify/replay_ima.h"

struct fixture {
    struct make_ima made;
    struct gb_arena *arena;
    struct ima_log log;
    struct gb_findings findings;
};

static struct fixture begin(void)
{
    struct fixture f = {.arena = gb_arena_new()};
    assert_non_null(f.arena);
    f.findings.arena = f.arena;
    make_ima_init(&f.made, DIGEST_SHA1);
    return f;
}

static void end(struct fixture *f)
{
    make_ima_done(&f->made);
    gb_arena_free(f->arena);
}

static void read_made(struct fixture *f)
{
    assert_int_equal(ima_read(f->arena, gb_buf_bytes(&f->made.binary), DIGEST_NONE, &f->log, NULL),
                     0);
}

/* TPM2_PCR_Extend, by hand. */
static void extend(struct fixture *f, enum digest_alg alg, uint8_t *pcr, const uint8_t *digest)
{
    size_t size = digest_size(alg);
    assert_int_equal(
        digest_of_two(f->made.digester, alg, gb_bytes(pcr, size), gb_bytes(digest, size), pcr), 0);
}

static void extend_data(struct fixture *f, enum digest_alg alg, uint8_t *pcr, size_t entry)
{
    uint8_t digest[GB_LIMIT_DIGEST] = {0};
    assert_int_equal(digest_of(f->made.digester, alg, f->log.entries[entry].template_data, digest),
                     0);
    extend(f, alg, pcr, digest);
}

static void extend_padded(struct fixture *f, enum digest_alg alg, uint8_t *pcr, size_t entry)
{
    uint8_t digest[GB_LIMIT_DIGEST] = {0};
    assert_int_equal(
        digest_of(f->made.digester, DIGEST_SHA1, f->log.entries[entry].template_data, digest), 0);
    extend(f, alg, pcr, digest);
}

static struct fixture begin_three(void)
{
    struct fixture f = begin();
    make_ima_filled(&f.made, "boot_aggregate", 1);
    make_ima_filled(&f.made, "/bin/a", 2);
    make_ima_filled(&f.made, "/bin/b", 3);
    read_made(&f);
    return f;
}

static void each_bank_is_extended_with_its_own_hash_of_the_data(void **state)
{
    (void)state;
    struct fixture f = begin_three();
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        uint8_t pcr[GB_LIMIT_DIGEST] = {0};
        struct replay_ima now;
        bool matched = true;
        for (size_t e = 0; e < 3; e++)
            extend_data(&f, digest_algs[i], pcr, e);
        replay_ima_init(&now, digest_algs[i], false);
        assert_int_equal(replay_ima_run(f.made.digester, &f.log, NULL, &now, &matched, NULL), 0);
        assert_memory_equal(now.value, pcr, digest_size(digest_algs[i]));
        assert_int_equal(now.next, 3);
        assert_false(matched);
    }
    end(&f);
}

static void padded_banks_take_sha1_and_zeros(void **state)
{
    (void)state;
    struct fixture f = begin_three();
    uint8_t pcr[GB_LIMIT_DIGEST] = {0};
    struct replay_ima now;
    bool matched;
    for (size_t e = 0; e < 3; e++)
        extend_padded(&f, DIGEST_SHA384, pcr, e);
    replay_ima_init(&now, DIGEST_SHA384, true);
    assert_int_equal(replay_ima_run(f.made.digester, &f.log, NULL, &now, &matched, NULL), 0);
    assert_memory_equal(now.value, pcr, 48);
    end(&f);
}

static void the_replay_stops_at_the_quoted_value_and_goes_on_from_there(void **state)
{
    (void)state;
    struct fixture f = begin_three();
    uint8_t two[GB_LIMIT_DIGEST] = {0};
    uint8_t three[GB_LIMIT_DIGEST];
    struct replay_ima now;
    bool matched = false;
    extend_data(&f, DIGEST_SHA256, two, 0);
    extend_data(&f, DIGEST_SHA256, two, 1);
    memcpy(three, two, sizeof three);
    extend_data(&f, DIGEST_SHA256, three, 2);

    replay_ima_init(&now, DIGEST_SHA256, false);
    assert_int_equal(replay_ima_run(f.made.digester, &f.log, two, &now, &matched, NULL), 0);
    assert_true(matched);
    assert_int_equal(now.next, 2);
    assert_int_equal(replay_ima_run(f.made.digester, &f.log, two, &now, &matched, NULL), 0);
    assert_true(matched);
    assert_int_equal(now.next, 2);
    assert_int_equal(replay_ima_run(f.made.digester, &f.log, three, &now, &matched, NULL), 0);
    assert_true(matched);
    assert_int_equal(now.next, 3);
    end(&f);
}

static void T14_a_violation_extends_ones_in_every_bank(void **state)
{
    (void)state;
    struct fixture f = begin();
    make_ima_filled(&f.made, "/bin/a", 1);
    make_ima_violation(&f.made, "/var/log/wtmp");
    read_made(&f);
    assert_true(f.log.entries[1].is_violation);
    for (size_t i = 0; i < 2 * DIGEST_ALGS; i++) {
        enum digest_alg alg = digest_algs[i % DIGEST_ALGS];
        uint8_t pcr[GB_LIMIT_DIGEST] = {0};
        uint8_t ones[GB_LIMIT_DIGEST];
        struct replay_ima now;
        bool matched;
        memset(ones, 0xff, sizeof ones);
        if (i >= DIGEST_ALGS)
            extend_padded(&f, alg, pcr, 0);
        else
            extend_data(&f, alg, pcr, 0);
        extend(&f, alg, pcr, ones);
        replay_ima_init(&now, alg, i >= DIGEST_ALGS);
        assert_int_equal(replay_ima_run(f.made.digester, &f.log, NULL, &now, &matched, NULL), 0);
        assert_memory_equal(now.value, pcr, digest_size(alg));
    }
    assert_int_equal(replay_ima_templates(f.made.digester, &f.log, 0, 2, &f.findings, NULL), 0);
    assert_int_equal(f.findings.count, 0);
    end(&f);
}

static void entries_of_other_pcrs_are_passed_over(void **state)
{
    (void)state;
    static const uint8_t digest[32] = {7};
    const struct make_ima_field fields[] = {{MAKE_IMA_DIGEST, digest, 32, "sha256:"},
                                            {MAKE_IMA_TEXT, "/bin/x", 6, NULL}};
    struct fixture f = begin();
    uint8_t pcr[GB_LIMIT_DIGEST] = {0};
    struct replay_ima now;
    bool matched;
    make_ima_add(&f.made, 11, "ima-ng", fields, 2, false);
    make_ima_filled(&f.made, "/bin/a", 1);
    read_made(&f);
    extend_data(&f, DIGEST_SHA256, pcr, 1);
    replay_ima_init(&now, DIGEST_SHA256, false);
    assert_int_equal(replay_ima_run(f.made.digester, &f.log, pcr, &now, &matched, NULL), 0);
    assert_true(matched);
    assert_int_equal(now.next, 2);
    end(&f);
}

static void an_edited_entry_is_a_finding_that_names_it(void **state)
{
    (void)state;
    struct fixture f = begin_three();
    uint8_t *path = (uint8_t *)(uintptr_t)f.log.entries[1].path.data;
    path[5] = 'z';
    assert_int_equal(replay_ima_templates(f.made.digester, &f.log, 0, 3, &f.findings, NULL), 0);
    assert_int_equal(f.findings.count, 1);
    assert_int_equal(f.findings.first->code, GB_FINDING_IMA_TEMPLATE_HASH);
    assert_int_equal(f.findings.first->tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(f.findings.first->event.log, GB_LOG_IMA);
    assert_int_equal(f.findings.first->event.index, 1);
    assert_string_equal(f.findings.first->args[0], "sha1: /bin/z");
    end(&f);
}

static void one_pass_gives_what_each_replay_gives(void **state)
{
    (void)state;
    struct fixture f = begin_three();
    struct replay_ima together[2 * DIGEST_ALGS];
    struct replay_ima_answer answer;
    bool bad[3] = {false};
    uint8_t *path = (uint8_t *)(uintptr_t)f.log.entries[2].path.data;
    path[5] = 'z';
    for (size_t i = 0; i < GB_ARRAY_LEN(together); i++)
        replay_ima_init(&together[i], digest_algs[i % DIGEST_ALGS], i >= DIGEST_ALGS);
    assert_int_equal(replay_ima_pass(f.made.digester, &f.log, NULL, together,
                                     GB_ARRAY_LEN(together), bad, &answer, NULL),
                     0);
    assert_false(answer.matched);
    assert_int_equal(answer.mismatches, 1);
    assert_true(!bad[0] && !bad[1] && bad[2]);
    for (size_t i = 0; i < GB_ARRAY_LEN(together); i++) {
        struct replay_ima alone;
        bool matched;
        replay_ima_init(&alone, together[i].alg, together[i].padded);
        assert_int_equal(replay_ima_run(f.made.digester, &f.log, NULL, &alone, &matched, NULL), 0);
        assert_memory_equal(alone.value, together[i].value, digest_size(alone.alg));
        assert_int_equal(together[i].next, 3);
    }
    end(&f);
}

static bool prove(struct fixture *f, enum digest_alg alg, const uint8_t *quoted,
                  struct replay_ima *ret_state)
{
    bool matched = false;
    replay_ima_init(ret_state, alg, false);
    assert_int_equal(replay_ima_prove(f->made.digester, &f->log, quoted, ret_state, &matched,
                                      &f->findings, NULL),
                     0);
    return matched;
}

static void the_form_of_the_bank_is_found(void **state)
{
    (void)state;
    struct fixture f = begin();
    make_ima_filled(&f.made, "/bin/a", 1);
    make_ima_violation(&f.made, "/var/log/wtmp");
    read_made(&f);
    struct replay_ima now;
    uint8_t plain[GB_LIMIT_DIGEST] = {0}, padded[GB_LIMIT_DIGEST] = {0}, old[GB_LIMIT_DIGEST] = {0};
    uint8_t ones[GB_LIMIT_DIGEST], short_ones[GB_LIMIT_DIGEST] = {0};
    memset(ones, 0xff, sizeof ones);
    memset(short_ones, 0xff, 20);
    extend_data(&f, DIGEST_SHA256, plain, 0);
    extend(&f, DIGEST_SHA256, plain, ones);
    extend_padded(&f, DIGEST_SHA256, padded, 0);
    memcpy(old, padded, sizeof old);
    extend(&f, DIGEST_SHA256, padded, ones);
    extend(&f, DIGEST_SHA256, old, short_ones);

    assert_true(prove(&f, DIGEST_SHA256, plain, &now));
    assert_true(!now.padded && now.next == 2);
    assert_true(prove(&f, DIGEST_SHA256, padded, &now));
    assert_true(now.padded && !now.short_ones && now.next == 2);
    assert_true(prove(&f, DIGEST_SHA256, old, &now));
    assert_true(now.padded && now.short_ones && now.next == 2);
    old[0] ^= 1;
    assert_false(prove(&f, DIGEST_SHA256, old, &now));
    assert_true(!now.padded && now.next == 2);
    assert_int_equal(f.findings.count, 0);
    end(&f);
}

static void entries_behind_the_quote_are_not_judged(void **state)
{
    (void)state;
    struct fixture f = begin_three();
    uint8_t two[GB_LIMIT_DIGEST] = {0};
    struct replay_ima now;
    extend_padded(&f, DIGEST_SHA384, two, 0);
    extend_padded(&f, DIGEST_SHA384, two, 1);
    uint8_t *path = (uint8_t *)(uintptr_t)f.log.entries[2].path.data;
    path[5] = 'z';
    assert_true(prove(&f, DIGEST_SHA384, two, &now));
    assert_int_equal(now.next, 2);
    assert_int_equal(f.findings.count, 0);
    two[0] ^= 1;
    assert_false(prove(&f, DIGEST_SHA384, two, &now));
    assert_int_equal(f.findings.count, 1);
    assert_int_equal(f.findings.first->event.index, 2);
    end(&f);
}

/* The data of an entry are exchanged, its template digest too: only the replay can tell. */
static void a_forged_entry_never_reaches_the_quoted_value(void **state)
{
    (void)state;
    struct fixture good = begin_three();
    struct fixture f = begin();
    struct replay_ima now;
    uint8_t quoted[2][GB_LIMIT_DIGEST] = {{0}};
    make_ima_filled(&f.made, "boot_aggregate", 1);
    make_ima_filled(&f.made, "/bin/a", 9);
    make_ima_filled(&f.made, "/bin/b", 3);
    read_made(&f);
    for (size_t e = 0; e < 3; e++) {
        extend_data(&good, DIGEST_SHA256, quoted[0], e);
        extend_padded(&good, DIGEST_SHA256, quoted[1], e);
    }
    assert_false(prove(&f, DIGEST_SHA256, quoted[0], &now));
    assert_false(prove(&f, DIGEST_SHA256, quoted[1], &now));
    /* The record keeps the good digest: the words alone are exchanged. */
    memcpy((uint8_t *)(uintptr_t)f.log.entries[1].template_digest,
           good.log.entries[1].template_digest, 20);
    assert_false(prove(&f, DIGEST_SHA256, quoted[1], &now));
    assert_int_equal(f.findings.count, 1);
    end(&f);
    end(&good);
}

/* Entries of four templates, small enough to try every bit. */
static void make_small(struct make_ima *m)
{
    static const uint8_t digest[32] = {1, 2, 3}, sig[5] = {3, 2, 4, 9, 9};
    const struct make_ima_field fields[] = {{MAKE_IMA_DIGEST, digest, 32, "ima:sha256:"},
                                            {MAKE_IMA_TEXT, "/b", 2, NULL},
                                            {MAKE_IMA_HEX, sig, 5, NULL}};
    make_ima_filled(m, "boot_aggregate", 1);
    make_ima_legacy(m, digest, "init");
    make_ima_add(m, 10, "ima-sigv2", fields, 3, false);
    make_ima_violation(m, "/var");
    make_ima_add(m, 10, "d-ngv2|n-ng|sig", fields, 3, false);
}

static void every_bit_that_flips_is_noticed(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct replay_ima now;
    struct replay_ima_answer answer;
    make_small(&f.made);
    read_made(&f);
    replay_ima_init(&now, DIGEST_SHA256, false);
    assert_int_equal(replay_ima_pass(f.made.digester, &f.log, NULL, &now, 1, NULL, &answer, NULL),
                     0);
    assert_int_equal(answer.mismatches, 0);
    const struct replay_ima good = now;
    size_t silent = 0;
    for (size_t bit = 0; bit < 8 * f.made.binary.len; bit++) {
        struct ima_log log;
        f.made.binary.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (ima_read(f.arena, gb_buf_bytes(&f.made.binary), DIGEST_SHA1, &log, NULL) == 0) {
            replay_ima_init(&now, DIGEST_SHA256, false);
            assert_int_equal(
                replay_ima_pass(f.made.digester, &log, NULL, &now, 1, NULL, &answer, NULL), 0);
            silent += answer.mismatches == 0 && memcmp(now.value, good.value, 32) == 0;
        }
        f.made.binary.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    /* Nothing covers the words of a violation: "sha256", 32 bytes of digest, "/var". */
    assert_int_equal(silent, 8 * (6 + 32 + 4));
    end(&f);
}

/* The known answers below come from a kernel and its TPM. */

static struct gb_bytes load(struct gb_arena *arena, const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (!in)
        return gb_bytes(NULL, 0);
    enum { MOST = 1 << 20 };
    uint8_t *data = gb_arena_alloc_raw(arena, MOST, 1);
    assert_non_null(data);
    size_t len = fread(data, 1, MOST - 1, in);
    fclose(in);
    data[len] = 0;
    return gb_bytes(data, len);
}

static void assert_value(const struct replay_ima *now, const char *hex)
{
    char text[2 * GB_LIMIT_DIGEST + 1];
    for (size_t i = 0; i < digest_size(now->alg); i++)
        snprintf(text + 2 * i, 3, "%02x", now->value[i]);
    assert_string_equal(text, hex);
}

static void replay_all(struct fixture *f, struct replay_ima states[DIGEST_ALGS], bool padded,
                       size_t *ret_mismatches)
{
    struct replay_ima_answer answer;
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        replay_ima_init(&states[i], digest_algs[i], padded);
    assert_int_equal(
        replay_ima_pass(f->made.digester, &f->log, NULL, states, DIGEST_ALGS, NULL, &answer, NULL),
        0);
    *ret_mismatches = answer.mismatches;
}

static void four_lists_of_one_kernel_give_its_four_banks(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    static const char *const files[] = {"ibmtss/utils/sha1.log", "ibmtss/utils/sha256.log",
                                        "ibmtss/utils/sha384.log", "ibmtss/utils/sha512.log"};
    static const char *const pcr10[] = {
        "9be6bac02bf18d09d17e726c2df00bca4e8831ea",
        "7fac48c81837d6d29046008aef0cdad8c2745cc98c3340cbba9bfdf39b4124b8",
        "e8923687b18847064ff3af89fd7ed088fa03c8b2467f7f8648bab264684575beb92e707d813ed561189492bb"
        "4b6e5c8b",
        "698dab0fbb7c4ae0ec4ecae0d3890e9635cc2ba97b9dec459f9ef867b96d858843697c701e580931d6f2cf1e"
        "18acb2b3192eb660e871a37cf5b45392086ce807"};
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        struct fixture f = begin();
        struct replay_ima states[DIGEST_ALGS];
        size_t mismatches;
        assert_int_equal(
            ima_read(f.arena, load(f.arena, vectors, files[i]), DIGEST_NONE, &f.log, NULL), 0);
        assert_int_equal(f.log.count, 362);
        assert_int_equal(f.log.template_alg, digest_algs[i]);
        replay_all(&f, states, false, &mismatches);
        assert_int_equal(mismatches, 0);
        for (size_t j = 0; j < DIGEST_ALGS; j++)
            assert_value(&states[j], pcr10[j]);
        end(&f);
    }
}

static void a_list_of_all_templates_replays(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    struct fixture f = begin();
    struct replay_ima states[DIGEST_ALGS];
    size_t mismatches;
    assert_int_equal(ima_read(f.arena, load(f.arena, vectors, "ibmtss/utils/imatest.log"),
                              DIGEST_NONE, &f.log, NULL),
                     0);
    assert_int_equal(f.log.count, 17);
    replay_all(&f, states, false, &mismatches);
    assert_int_equal(mismatches, 0);
    assert_value(&states[0], "0ff68e1da514770e85581bffe693809776302a63");
    assert_value(&states[1], "af02ae09413721fddb71250ae26383de73cc78d5df37fbebadacedeaeacddb18");
    replay_all(&f, states, true, &mismatches);
    assert_value(&states[1], "2c88e99f2fdead0294a140f5361eb64d968be82ff42f6e7871f94e9ec530210a");
    assert_value(&states[2],
                 "8127410d1cebe8eaff0016c093b4a2f54224a902dff4e957c7b607f5ca8d415561dc6e"
                 "6d101e2b97cba95d9bc9b94099");
    end(&f);
}

static void assert_boot(struct fixture *f, const char *folder, bool entry_removed)
{
    struct pcr_values values;
    struct replay_ima now;
    assert_int_equal(pcr_values_read_text(load(f->arena, folder, "pcrs.yaml"), &values, NULL), 0);
    const struct pcr_bank *sha256 = pcr_bank_get(&values, DIGEST_SHA256);
    const struct pcr_bank *sha384 = pcr_bank_get(&values, DIGEST_SHA384);
    assert_true(sha256 && sha384);
    bool matched = prove(f, DIGEST_SHA256, sha256->value[10], &now);
    assert_int_equal(matched, !entry_removed);
    if (!matched)
        return;
    char *said = strstr((char *)(uintptr_t)load(f->arena, folder, "expect.json").data,
                        "\"ima_sha256_sha256\": ");
    assert_non_null(said);
    assert_int_equal(now.next, strtoul(said + strlen("\"ima_sha256_sha256\": "), NULL, 10));
    assert_true(prove(f, DIGEST_SHA384, sha384->value[10], &now));
}

static void boots_of_virtual_machines_replay_in_both_forms(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    static const char *const boots[] = {
        "01-uki-good",        "03-uki-cmdline", "08-uki-evil-binary",         "17-uki-crb-ecc",
        "22-uki-sb-snakeoil", "24-grub-sb-ms",  "41-forged-ima-entry-removed"};
    for (size_t i = 0; i < 2 * GB_ARRAY_LEN(boots); i++) {
        char folder[512];
        struct fixture f = begin();
        snprintf(folder, sizeof folder, "%s/boot/%s", vectors, boots[i / 2]);
        struct gb_bytes list = load(f.arena, folder, i % 2 ? "ima_ascii" : "ima_binary");
        assert_int_equal(ima_read(f.arena, list, DIGEST_NONE, &f.log, NULL), 0);
        assert_true(f.log.count > 40);
        assert_boot(&f, folder, strstr(boots[i / 2], "removed"));
        assert_int_equal(f.findings.count, 0);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bank_is_extended_with_its_own_hash_of_the_data),
        cmocka_unit_test(padded_banks_take_sha1_and_zeros),
        cmocka_unit_test(the_replay_stops_at_the_quoted_value_and_goes_on_from_there),
        cmocka_unit_test(T14_a_violation_extends_ones_in_every_bank),
        cmocka_unit_test(entries_of_other_pcrs_are_passed_over),
        cmocka_unit_test(an_edited_entry_is_a_finding_that_names_it),
        cmocka_unit_test(one_pass_gives_what_each_replay_gives),
        cmocka_unit_test(the_form_of_the_bank_is_found),
        cmocka_unit_test(entries_behind_the_quote_are_not_judged),
        cmocka_unit_test(a_forged_entry_never_reaches_the_quoted_value),
        cmocka_unit_test(every_bit_that_flips_is_noticed),
        cmocka_unit_test(four_lists_of_one_kernel_give_its_four_banks),
        cmocka_unit_test(a_list_of_all_templates_replays),
        cmocka_unit_test(boots_of_virtual_machines_replay_in_both_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
