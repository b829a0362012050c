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
        cmocka_unit_test(T20_what_cannot_be_read_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
