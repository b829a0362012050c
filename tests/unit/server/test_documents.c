#include "../policy/make_signed.h"
#include "../test.h"
#include "crypto/signer.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"
#include "server/documents.h"

#define HEAD "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: nodes\n"
#define ONE  HEAD "  version: 1\nspec:\n  secureBoot: any\n"

static struct gb_arena *arena;
static struct signer *officers[2];
static struct officers *known;

static int setup(void **state)
{
    (void)state;
    struct policy_file pems[2];
    arena = gb_arena_new();
    for (size_t i = 0; i < 2; i++) {
        gb_cleanup(gb_buf_done) struct gb_buf pem;
        gb_buf_init(&pem, 4096);
        assert_int_equal(signer_new(&officers[i], NULL), 0);
        assert_int_equal(signer_public_pem(officers[i], &pem, NULL), 0);
        pems[i] = (struct policy_file){"officer", gb_arena_copy(arena, gb_buf_bytes(&pem))};
    }
    return officers_read(pems, 2, &known, NULL);
}

static int teardown(void **state)
{
    (void)state;
    officers_free(known);
    signer_free(officers[0]);
    signer_free(officers[1]);
    gb_arena_free(arena);
    return 0;
}

static void read_one(struct gb_bytes text, struct store_document *document, struct signed_set *set)
{
    const struct policy_file *files;
    *document =
        (struct store_document){.kind = "NodePolicy", .name = "nodes", .version = 1, .text = text};
    assert_int_equal(documents_name(arena, document, 1, &files, NULL), 0);
    assert_int_equal(signed_set_read(arena, files, 1, known, set, NULL), 0);
}

/* What becomes of `text` where `stored` is in force. */
static int settle(struct gb_bytes stored, struct gb_bytes text, struct store_document *fresh)
{
    struct store_document old;
    struct signed_set in_force, now;
    read_one(stored, &old, &in_force);
    read_one(text, fresh, &now);
    return documents_settle(&in_force, &now, &old, 1, fresh, 1, NULL);
}

/* Who signs once more, or sends it unsigned, changes nothing; another officer adds a signature. */
static void only_another_officer_signs_again(void **state)
{
    (void)state;
    struct store_document fresh;
    struct gb_bytes one = make_signed(arena, ONE, officers[0]);
    struct gb_bytes again = make_signed(arena, ONE, officers[0]); /* other bytes: ECDSA */
    assert_false(gb_bytes_equal(one, again));
    assert_int_equal(settle(one, again, &fresh), GB_OK);
    assert_false(fresh.resigned);
    assert_true(gb_bytes_equal(fresh.text, one));
    assert_int_equal(settle(one, gb_bytes_str(ONE), &fresh), GB_OK);
    assert_false(fresh.resigned);
    assert_true(gb_bytes_equal(fresh.text, one)); /* nobody strips a signature */
    struct gb_bytes other = make_signed(arena, ONE, officers[1]);
    assert_int_equal(settle(one, other, &fresh), GB_OK);
    assert_true(fresh.resigned);
    assert_true(gb_bytes_equal(fresh.text, other));
}

static void T17_one_version_says_one_thing(void **state)
{
    (void)state;
    struct store_document fresh;
    struct gb_bytes one = make_signed(arena, ONE, officers[0]);
    struct gb_bytes else_ =
        make_signed(arena, HEAD "  version: 1\nspec:\n  secureBoot: required\n", officers[0]);
    struct gb_bytes two =
        make_signed(arena, HEAD "  version: 2\nspec:\n  secureBoot: any\n", officers[0]);
    assert_int_equal(settle(one, else_, &fresh), GB_ERR_DENIED);
    assert_int_equal(settle(two, one, &fresh), GB_ERR_DENIED);
    assert_int_equal(settle(one, two, &fresh), GB_OK);
    assert_false(fresh.resigned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_another_officer_signs_again),
        cmocka_unit_test(T17_one_version_says_one_thing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
