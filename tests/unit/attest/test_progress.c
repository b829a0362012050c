#include <string.h>

#include "../test.h"
#include "make_rounds.h"

static const enum digest_alg three[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_NONE};

static void it_stays_small(void **state)
{
    (void)state;
    assert_in_range(sizeof(struct progress), 1, 1024);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    uint8_t bytes[PROGRESS_MAX], again[PROGRESS_MAX];
    struct rounds r;
    rounds_init(&r, three);
    machine_file(&r.m, "/tmp/evil", 66);
    assert_int_equal(rounds_run(&r), GB_OK);
    r.held.trust_id = UINT64_C(0x0123456789abcdef);
    r.trust.id = r.held.trust_id;
    r.held.standings.own.until_s = 1893456000;
    r.held.standings.shadows[1].until_s = 1893456001;
    r.held.standings.own.disproven = true;
    r.held.standings.tpm = VERDICT_TPM_VIRTUAL;
    size_t len = progress_write(&r.held, bytes);
    assert_in_range(len, 300, PROGRESS_MAX);
    memset(&r.held, 0x55, sizeof r.held);
    progress_read(gb_bytes(bytes, len), &r.held);
    assert_int_equal(r.held.standings.own.until_s, 1893456000);
    assert_true(r.held.standings.own.disproven);
    assert_int_equal(r.held.standings.tpm, VERDICT_TPM_VIRTUAL);
    assert_int_equal(r.held.standings.shadows[1].until_s, 1893456001);
    assert_int_equal(progress_write(&r.held, again), len);
    assert_memory_equal(bytes, again, len);
    rounds_file(&r, 1); /* and it serves */
    assert_int_equal(rounds_run(&r), GB_OK);
    assert_true(r.claims.continues);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    rounds_done(&r);
}

static void fill(struct standing *standing, unsigned seed)
{
    for (unsigned i = 0; i < GB_LINK_COUNT; i++)
        standing->links[i] = (struct standing_link){.worst = (uint8_t)((seed + i) % 4),
                                                    .has_affirming = (seed + i) & 1,
                                                    .unjudged = (seed + i) >> 1 & 1,
                                                    .not_allowed = (seed + i) >> 2 & 1};
    standing->policy_named = seed & 1;
    standing->files_judged = seed >> 1 & 1;
    standing->disproven = seed >> 2 & 1;
    standing->until_s = (int64_t)1893456000 * (seed + 1);
}

/* Every field of what policy came to, with every value of its own. */
static void what_stands_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 16; seed++) {
        uint8_t bytes[PROGRESS_MAX];
        struct progress progress = {.trust_id = seed + 1}, again;
        fill(&progress.standings.own, seed);
        for (unsigned i = 0; i < STANDING_SHADOWS; i++)
            fill(&progress.standings.shadows[i], seed + i + 1);
        for (unsigned i = 0; i < STANDING_SETS / 64; i++) {
            progress.standings.sets.matched[i] = UINT64_C(0x9e3779b97f4a7c15) * (seed + i + 1);
            progress.standings.sets.needed[i] = UINT64_C(0xc2b2ae3d27d4eb4f) * (seed + i + 1);
        }
        progress.standings.tpm = (uint8_t)(seed % 3);
        memset(progress.said, (int)seed + 1, sizeof progress.said);
        progress_read(gb_bytes(bytes, progress_write(&progress, bytes)), &again);
        assert_int_equal(again.trust_id, seed + 1);
        assert_true(standing_same(&again.standings.own, &progress.standings.own));
        for (unsigned i = 0; i < STANDING_SHADOWS; i++)
            assert_true(standing_same(&again.standings.shadows[i], &progress.standings.shadows[i]));
        assert_memory_equal(&again.standings.sets, &progress.standings.sets,
                            sizeof again.standings.sets);
        assert_int_equal(again.standings.tpm, seed % 3);
        assert_memory_equal(again.said, progress.said, sizeof again.said);
    }
}

static void assert_empty(struct gb_bytes in)
{
    struct progress progress;
    memset(&progress, 0x55, sizeof progress);
    progress_read(in, &progress);
    assert_false(progress.seen.whole);
    assert_false(progress.seen.known);
    assert_int_equal(progress.trust_id, 0);
}

static void T20_what_cannot_be_read_is_nothing(void **state)
{
    (void)state;
    struct rounds r;
    uint8_t bytes[PROGRESS_MAX + 1];
    rounds_init(&r, three);
    assert_int_equal(rounds_run(&r), GB_OK);
    size_t len = progress_write(&r.held, bytes);
    for (size_t i = 0; i < len; i++)
        assert_empty(gb_bytes(bytes, i));
    bytes[len] = 0;
    assert_empty(gb_bytes(bytes, len + 1));
    bytes[0]++;
    assert_empty(gb_bytes(bytes, len));
    assert_empty(gb_bytes(NULL, 0));
    rounds_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stays_small),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_stands_is_read_as_it_was_written),
        cmocka_unit_test(T20_what_cannot_be_read_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
