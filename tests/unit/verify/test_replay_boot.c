#include <string.h>

#include "../evidence/make_log.h"
#include "../test.h"
#include "base/encode.h"
#include "verify/replay_boot.h"

struct fixture {
    struct make_log made;
    struct gb_arena *arena;
    struct gb_findings findings;
    struct eventlog log;
    struct pcr_values values;
};

static void begin(struct fixture *f, const enum digest_alg *algs, size_t count)
{
    *f = (struct fixture){.arena = gb_arena_new()};
    assert_non_null(f->arena);
    f->findings.arena = f->arena;
    make_log_begin(&f->made, algs, count);
}

static void begin_sha256(struct fixture *f)
{
    static const enum digest_alg algs[] = {DIGEST_SHA256};
    begin(f, algs, 1);
}

static void end(struct fixture *f)
{
    make_log_end(&f->made);
    gb_arena_free(f->arena);
}

static void replay(struct fixture *f)
{
    assert_int_equal(
        eventlog_read(f->arena, gb_buf_bytes(&f->made.out), &f->log, &f->findings, NULL), GB_OK);
    assert_int_equal(replay_boot(f->made.digester, &f->log, &f->values, NULL), GB_OK);
}

static const char *value(struct fixture *f, enum digest_alg alg, uint32_t pcr)
{
    const struct pcr_bank *bank = pcr_bank_get(&f->values, alg);
    assert_non_null(bank);
    return gb_hex(f->arena, gb_bytes(bank->value[pcr], digest_size(alg)));
}

/* value = H(value || H(text)) */
static void extend(struct fixture *f, uint8_t old[32], const char *text)
{
    uint8_t both[64];
    memcpy(both, old, 32);
    assert_int_equal(digest_of(f->made.digester, DIGEST_SHA256, gb_bytes_str(text), both + 32), 0);
    assert_int_equal(digest_of(f->made.digester, DIGEST_SHA256, gb_bytes(both, 64), old), 0);
}

/* What every machine's PCR 3 holds: H(0^32 || H(00000000)). */
#define SEPARATED_SHA256 "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969"
#define SEPARATED_SHA1   "b2a83b0ebf2f8374299a5b2bdfc31ea955ad7236"

static void separators_give_their_well_known_values(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA256, DIGEST_SHA1};
    struct fixture f;
    begin(&f, algs, 2);
    make_log_separators(&f.made);
    replay(&f);
    assert_int_equal(f.values.count, 2);
    assert_string_equal(value(&f, DIGEST_SHA256, 3), SEPARATED_SHA256);
    assert_string_equal(value(&f, DIGEST_SHA1, 7), SEPARATED_SHA1);
    assert_int_equal(pcr_bank_get(&f.values, DIGEST_SHA256)->mask, 0xff);
    end(&f);
}

static void old_logs_replay_in_sha1(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, NULL, 0);
    make_log_separator(&f.made, 3);
    replay(&f);
    assert_int_equal(f.values.count, 1);
    assert_int_equal(f.values.banks[0].mask, 1 << 3);
    assert_string_equal(value(&f, DIGEST_SHA1, 3), SEPARATED_SHA1);
    end(&f);
}

static void pcr_0_starts_with_the_locality(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_no_action(&f.made, 0, gb_bytes("StartupLocality\0\3", 17));
    make_log_text(&f.made, 0, EV_S_CRTM_VERSION, "v1");
    make_log_text(&f.made, 1, EV_EFI_ACTION, "v1");
    replay(&f);
    uint8_t want[32] = {[31] = 3};
    extend(&f, want, "v1");
    assert_memory_equal(f.values.banks[0].value[0], want, 32);
    uint8_t other[32] = {0};
    extend(&f, other, "v1");
    assert_memory_equal(f.values.banks[0].value[1], other, 32);
    end(&f);
}

static void dynamic_pcrs_start_with_ones(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_text(&f.made, 17, EV_IPL, "dl");
    make_log_text(&f.made, 22, EV_IPL, "dl");
    make_log_text(&f.made, 23, EV_IPL, "dl");
    make_log_text(&f.made, 16, EV_IPL, "dl");
    replay(&f);
    uint8_t ones[32];
    uint8_t zeros[32] = {0};
    memset(ones, 0xff, sizeof ones);
    extend(&f, ones, "dl");
    extend(&f, zeros, "dl");
    assert_memory_equal(f.values.banks[0].value[17], ones, 32);
    assert_memory_equal(f.values.banks[0].value[22], ones, 32);
    assert_memory_equal(f.values.banks[0].value[23], zeros, 32);
    assert_memory_equal(f.values.banks[0].value[16], zeros, 32);
    end(&f);
}

/* EV_NO_ACTION with a digest that is not zero: an attacker's way to hide an event, or to feign one.
 */
static void T09_no_action_never_extends(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_text(&f.made, 4, EV_NO_ACTION, "looks like a measurement");
    make_log_separator(&f.made, 3);
    replay(&f);
    assert_int_equal(f.values.banks[0].mask, 1 << 3);
    end(&f);
}

static void an_event_without_a_bank_leaves_it_alone(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA256, DIGEST_SHA1};
    struct fixture f;
    begin(&f, algs, 2);
    make_log_separator(&f.made, 5);
    f.made.alg_count = 1;
    make_log_text(&f.made, 5, EV_EFI_ACTION, "Exit");
    make_log_text(&f.made, 6, EV_EFI_ACTION, "Exit");
    replay(&f);
    assert_string_equal(value(&f, DIGEST_SHA1, 5), SEPARATED_SHA1);
    assert_int_equal(pcr_bank_get(&f.values, DIGEST_SHA1)->mask, 1 << 5);
    assert_int_equal(pcr_bank_get(&f.values, DIGEST_SHA256)->mask, 3 << 5);
    assert_string_not_equal(value(&f, DIGEST_SHA256, 5), SEPARATED_SHA256);
    end(&f);
}

/* ---- systemd ---- */

static void systemds_log_goes_on_from_the_firmwares(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_text(&f.made, 11, EV_IPL, "section");
    replay(&f);
    uint8_t want[32] = {0};
    uint8_t digest[32];
    extend(&f, want, "section");
    extend(&f, want, "sysinit");
    uint8_t only[32] = {0};
    extend(&f, only, "sysinit");
    assert_int_equal(digest_of(f.made.digester, DIGEST_SHA256, gb_bytes_str("sysinit"), digest), 0);
    struct systemd_event events[] = {
        {.pcr = 11, .digest = {NULL, digest, NULL, NULL}},
        {.pcr = 15, .digest = {digest, digest, NULL, NULL}}, /* SHA-1: no such bank here */
    };
    struct systemd_log log = {.events = events, .count = 2};
    assert_int_equal(replay_systemd(f.made.digester, &log, &f.values, NULL), GB_OK);
    assert_memory_equal(f.values.banks[0].value[11], want, 32);
    assert_memory_equal(f.values.banks[0].value[15], only, 32);
    assert_int_equal(f.values.banks[0].mask, 1 << 11 | 1 << 15);
    assert_int_equal(f.values.count, 1);
    end(&f);
}

static int find_row(struct fixture *f, const uint8_t quoted[32], uint32_t mask)
{
    struct pcr_values want = {.count = 1, .banks = {{.alg = DIGEST_SHA256, .mask = mask}}};
    int row = 77;
    memcpy(want.banks[0].value[11], quoted, 32);
    assert_int_equal(replay_phases(f->made.digester, &want, &f->values, &row, NULL), GB_OK);
    return row;
}

static void phases_of_a_booted_node_are_found(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_text(&f.made, 11, EV_IPL, "section");
    replay(&f);
    const struct pcr_values before = f.values;
    for (size_t row = 0; row < systemd_phase_count; row++) {
        uint8_t quoted[32];
        f.values = before;
        memcpy(quoted, f.values.banks[0].value[11], 32);
        for (const char *const *word = systemd_phases[row]; *word; word++)
            extend(&f, quoted, *word);
        assert_int_equal(find_row(&f, quoted, 1 << 11), row);
        assert_memory_equal(f.values.banks[0].value[11], quoted, 32);
    }
    end(&f);
}

static void a_foreign_word_fits_no_row(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_text(&f.made, 11, EV_IPL, "section");
    replay(&f);
    uint8_t quoted[32];
    const struct pcr_values before = f.values;
    memcpy(quoted, f.values.banks[0].value[11], 32);
    extend(&f, quoted, "sysinit");
    extend(&f, quoted, "evil");
    assert_int_equal(find_row(&f, quoted, 1 << 11), -1);
    assert_memory_equal(&f.values, &before, sizeof before);
    end(&f);
}

static void nothing_quoted_fits_no_row(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_text(&f.made, 11, EV_IPL, "section");
    replay(&f);
    assert_int_equal(find_row(&f, f.values.banks[0].value[11], 1 << 10), -1);
    assert_int_equal(find_row(&f, f.values.banks[0].value[11], 1 << 11), 0);
    end(&f);
}

/* The same words in every bank, or none: a bank that fits alone proves nothing. */
static void all_quoted_banks_must_fit_the_same_row(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA1, DIGEST_SHA256};
    struct fixture f;
    begin(&f, algs, 2);
    make_log_text(&f.made, 11, EV_IPL, "section");
    replay(&f);
    struct pcr_values want = f.values;
    int row = 77;
    extend(&f, pcr_bank_find(&want, DIGEST_SHA256)->value[11], "sysinit");
    assert_int_equal(replay_phases(f.made.digester, &want, &f.values, &row, NULL), GB_OK);
    assert_int_equal(row, -1);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_give_their_well_known_values),
        cmocka_unit_test(old_logs_replay_in_sha1),
        cmocka_unit_test(pcr_0_starts_with_the_locality),
        cmocka_unit_test(dynamic_pcrs_start_with_ones),
        cmocka_unit_test(T09_no_action_never_extends),
        cmocka_unit_test(an_event_without_a_bank_leaves_it_alone),
        cmocka_unit_test(systemds_log_goes_on_from_the_firmwares),
        cmocka_unit_test(phases_of_a_booted_node_are_found),
        cmocka_unit_test(a_foreign_word_fits_no_row),
        cmocka_unit_test(nothing_quoted_fits_no_row),
        cmocka_unit_test(all_quoted_banks_must_fit_the_same_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
