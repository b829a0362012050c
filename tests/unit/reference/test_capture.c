/* Captured sets hold all that is proven and nothing that is not. */
#include "../policy/make_claims.h"
#include "../test.h"
#include "base/mem.h"
#include "policy/chain/chain.h"
#include "reference/capture.h"

static struct ref_set *take(struct make *make, enum ref_class cls)
{
    struct ref_set *set = NULL;
    struct gb_err err = {0};
    int r = capture(make->arena, &make->claims, cls, "set", &set, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    return set;
}

static void every_measurement_is_in_one_class(void **state)
{
    (void)state;
    struct make make;
    struct chain_event *events = NULL;
    make_init(&make);
    make_uki(&make, "good", "quiet");
    make_phase(&make, "sysinit");
    make_event(&make, 15, EV_IPL, "machine", "", false);
    const struct ref_set *platform = take(&make, REF_PLATFORM), *os = take(&make, REF_OS);
    assert_int_equal(chain_place(make.arena, &make.claims, &events, NULL), 0);
    size_t structure = 0;
    for (size_t i = 0; i < make.claims.boot_count; i++)
        structure += events[i].link == GB_LINK_NONE;
    assert_int_equal(platform->event_count + os->event_count + structure, make.claims.boot_count);
    assert_int_equal(platform->event_count, 4); /* crtm, firmware, SecureBoot, GPT */
    const struct ref_event *first = platform->events;
    assert_int_equal(first->link, GB_LINK_FIRMWARE);
    assert_int_equal(first->type, EV_S_CRTM_VERSION);
    assert_true(gb_bytes_equal(first->digest[ref_digest_position(DIGEST_SHA256)],
                               make_digest(make.arena, "crtm")));
    assert_int_equal(first->digest[ref_digest_position(DIGEST_SHA384)].len, 0);
    size_t values = 0;
    for (const struct ref_event *e = os->events; e; e = e->next) {
        if (!e->value)
            continue;
        values++;
        assert_string_equal(e->value, "quiet");
        assert_int_equal(e->pcr, 9);
    }
    assert_int_equal(values, 1);
    make_done(&make);
}

/* boot_aggregate, violations and weak digests stay out. */
static void files_with_good_digests_only(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_file(&make, "sh", "/bin/sh");
    make_file(&make, "gone", "/x")->is_violation = true;
    make_file(&make, NULL, "/none");
    struct ima_entry *weak = make_file(&make, "weak", "/weak");
    weak->file_alg = DIGEST_SHA1;
    weak->file_digest.len = 20;
    make_file(&make, "app", "/app")->is_verity = true;
    const struct ref_set *set = take(&make, REF_PACKAGES);
    assert_int_equal(set->files.count, 1);
    assert_int_equal(set->files.alg, DIGEST_SHA256);
    assert_memory_equal(set->files.digests, make_digest(make.arena, "sh").data, 32);
    assert_true(gb_bytes_is(ref_files_path(make.arena, &set->files, 0), "/bin/sh"));
    assert_int_equal(set->verity.count, 1);
    assert_memory_equal(set->verity.digests, make_digest(make.arena, "app").data, 32);
    make_done(&make);
}

static void what_is_not_proven_is_not_captured(void **state)
{
    (void)state;
    struct make make;
    struct ref_set *set = NULL;
    make_init(&make);
    make_uki(&make, "good", NULL);
    make_file(&make, "sh", "/bin/sh");
    make.claims.has_boot = false;
    assert_int_equal(capture(make.arena, &make.claims, REF_OS, "s", &set, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(capture(make.arena, &make.claims, REF_PLATFORM, "s", &set, NULL),
                     GB_ERR_NOTFOUND);
    assert_int_equal(capture(make.arena, &make.claims, REF_PACKAGES, "s", &set, NULL), 0);
    set = NULL;
    make.claims.has_ima = false;
    assert_int_equal(capture(make.arena, &make.claims, REF_PACKAGES, "s", &set, NULL),
                     GB_ERR_NOTFOUND);
    make.claims.has_ima = make.claims.has_boot = true;
    make.claims.quote_proven = false;
    assert_int_equal(capture(make.arena, &make.claims, REF_OS, "s", &set, NULL), GB_ERR_INPUT);
    assert_int_equal(capture(make.arena, &make.claims, REF_PACKAGES, "s", &set, NULL),
                     GB_ERR_INPUT);
    assert_null(set);
    make_done(&make);
}

static void two_hash_algorithms_are_refused(void **state)
{
    (void)state;
    static const uint8_t longer[64] = {1};
    struct make make;
    struct ref_set *set = NULL;
    struct gb_err err;
    make_init(&make);
    make_file(&make, "sh", "/bin/sh");
    struct ima_entry *other = make_file(&make, "app", "/app");
    other->file_alg = DIGEST_SHA512;
    other->file_digest = gb_bytes(longer, sizeof longer);
    assert_int_equal(capture(make.arena, &make.claims, REF_PACKAGES, "s", &set, &err),
                     GB_ERR_INPUT);
    assert_string_equal(err.text,
                        "IMA entry 2 is in sha512, those before it in sha256: set one ima_hash=");
    make_done(&make);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_uki(&make, "good", "quiet");
    unsigned long nth = 1;
    for (int r = -1; r < 0; nth++) {
        struct gb_arena *arena = gb_arena_new();
        struct ref_set *set = NULL;
        gb_mem_fail_nth(nth);
        r = capture(arena, &make.claims, REF_OS, "s", &set, NULL);
        gb_mem_fail_nth(0);
        assert_true(r == 0 ? set != NULL : r == GB_ERR_NOMEM && !set);
        gb_arena_free(arena);
    }
    assert_true(nth > 2);
    make_done(&make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measurement_is_in_one_class),
        cmocka_unit_test(files_with_good_digests_only),
        cmocka_unit_test(what_is_not_proven_is_not_captured),
        cmocka_unit_test(two_hash_algorithms_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
