/* Documents together: all are signed by as many officers as they need, and none goes back (T17). */
#include "../test.h"
#include "base/mem.h"
#include "crypto/signer.h"
#include "policy/documents/sign.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"

static struct gb_arena *arena;
static struct signer *alice, *bob, *mallory;
static struct officers *officers; /* alice and bob */

static struct gb_bytes pem_of(const struct signer *signer)
{
    struct gb_buf out;
    gb_buf_init(&out, 4096);
    assert_int_equal(signer_public_pem(signer, &out, NULL), 0);
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return copy;
}

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    if (!arena || signer_new(&alice, NULL) < 0 || signer_new(&bob, NULL) < 0 ||
        signer_new(&mallory, NULL) < 0)
        return -1;
    const struct policy_file pems[] = {{"a", pem_of(alice)}, {"b", pem_of(bob)}};
    return officers_read(pems, 2, &officers, NULL);
}

static int teardown(void **state)
{
    (void)state;
    officers_free(officers);
    signer_free(alice);
    signer_free(bob);
    signer_free(mallory);
    gb_arena_free(arena);
    return 0;
}

/* `kind` `name` version `version` that says `spec` (NULL: is deleted), signed by those given. */
static struct policy_file made(const char *kind, const char *name, unsigned version,
                               const char *spec, const struct signer *first,
                               const struct signer *second)
{
    const struct signer *const by[] = {first, second};
    struct gb_bytes text = gb_bytes_str(
        gb_arena_printf(arena, "kind: %s\nmetadata:\n  name: %s\n  version: %u\n%s%s\n", kind, name,
                        version, spec ? "spec: " : "  deleted: true", spec ? spec : ""));
    for (size_t i = 0; i < 2 && by[i]; i++) {
        struct sign_text read;
        struct gb_buf out;
        gb_buf_init(&out, 1 << 16);
        assert_int_equal(sign_read(arena, "d", text, by[i], &read, NULL), 0);
        assert_int_equal(sign_write(&read, by[i], &out, NULL), 0);
        text = gb_arena_copy(arena, gb_buf_bytes(&out));
        gb_buf_done(&out);
    }
    return (struct policy_file){"d", text};
}

#define TWO "{people: [{name: a, roles: [admin, security-officer]}], twoPerson: [policy]}"

static struct policy_file rule(const struct signer *first, const struct signer *second)
{
    struct policy_file file = made("AccessPolicy", "people", 1, TWO, first, second);
    return file;
}

static struct signed_set read_set(const struct policy_file *files, size_t count)
{
    struct signed_set set = {0};
    struct gb_err err = {0};
    int r = signed_set_read(arena, files, count, officers, &set, &err);
    if (r < 0)
        print_message("%s\n", err.text);
    assert_int_equal(r, 0);
    return set;
}

static const char *fault(const struct policy_file *files, size_t count, size_t at_least)
{
    const char *why = NULL;
    const struct signed_set set = read_set(files, count);
    assert_int_equal(signed_set_fault(arena, &set, at_least, &why, NULL), 0);
    return why;
}

static void one_document_without_a_signature_spoils_all(void **state)
{
    (void)state;
    const struct policy_file files[] = {made("K", "a", 1, "x", alice, NULL),
                                        made("K", "b", 1, "x", NULL, NULL)};
    assert_null(fault(files, 1, 0));
    assert_string_equal(fault(files, 2, 0), "K b: nobody has signed it");
    assert_null(fault(NULL, 0, 2));
}

static void T17_a_stranger_signs_nothing(void **state)
{
    (void)state;
    const struct policy_file file = made("K", "a", 1, "x", mallory, NULL);
    const char *why = fault(&file, 1, 0);
    assert_non_null(why);
    assert_non_null(strstr(why, "who is no officer here"));
    /* Beside an officer's it does no harm, and does not count. */
    const struct policy_file beside = made("K", "a", 1, "x", mallory, alice);
    assert_null(fault(&beside, 1, 0));
    assert_string_equal(fault(&beside, 1, 2), "K a: signed by 1 of 2 different officers");
}

static void T17_the_signature_of_another_document_is_none(void **state)
{
    (void)state;
    struct policy_file file = made("K", "a", 1, "x", alice, NULL);
    char *other = gb_arena_printf(arena, "%s", (const char *)file.bytes.data);
    *strstr(other, "spec: x") = 'S';
    file.bytes = gb_bytes_str(other);
    const char *why = fault(&file, 1, 0);
    assert_non_null(why);
    assert_non_null(strstr(why, "is not over this document"));
}

static void two_persons_are_two_officers_for_every_document(void **state)
{
    (void)state;
    const struct policy_file both[] = {rule(alice, bob), made("K", "b", 1, "x", alice, bob)};
    const struct policy_file one[] = {rule(alice, bob), made("K", "b", 1, "x", alice, NULL)};
    const struct policy_file twice[] = {rule(alice, bob), made("K", "b", 1, "x", alice, alice)};
    const struct policy_file own[] = {rule(alice, NULL), made("K", "b", 1, "x", alice, bob)};
    assert_null(fault(both, 2, 0));
    assert_string_equal(fault(one, 2, 0), "K b: signed by 1 of 2 different officers");
    assert_string_equal(fault(twice, 2, 0), "K b: signed by 1 of 2 different officers");
    assert_string_equal(fault(own, 2, 0),
                        "AccessPolicy people: signed by 1 of 2 different officers");
    /* The rule that was in force judges who would take it away. */
    assert_string_equal(fault(&one[1], 1, 2), "K b: signed by 1 of 2 different officers");
}

static const char *follows(const struct policy_file *old, size_t old_count,
                           const struct policy_file *next, size_t next_count)
{
    const char *why = NULL;
    const struct signed_set before = read_set(old, old_count);
    const struct signed_set after = read_set(next, next_count);
    assert_int_equal(signed_set_follows(arena, &before, &after, &why, NULL), 0);
    return why;
}

static void T17_nothing_goes_back_and_nothing_vanishes(void **state)
{
    (void)state;
    const struct policy_file old[] = {made("K", "a", 2, "x", alice, NULL),
                                      made("K", "b", 1, "x", alice, NULL)};
    const struct policy_file next[] = {made("K", "b", 2, "y", alice, NULL),
                                       made("K", "a", 2, "x", bob, NULL),
                                       made("K", "c", 1, "z", alice, NULL)};
    const struct policy_file back[] = {made("K", "a", 1, "x", alice, NULL), old[1]};
    const struct policy_file other[] = {made("K", "a", 2, "y", alice, NULL), old[1]};
    const struct policy_file renamed[] = {made("L", "a", 3, "x", alice, NULL), old[1]};
    assert_null(follows(old, 2, next, 3));
    assert_null(follows(old, 2, old, 2));
    assert_null(follows(NULL, 0, old, 2));
    assert_string_equal(follows(old, 2, old, 1), "K b, version 1, has vanished");
    assert_string_equal(follows(old, 2, renamed, 2), "K a, version 2, has vanished");
    assert_string_equal(follows(old, 2, back, 2), "K a: version 1 is older than 2");
    assert_string_equal(follows(old, 2, other, 2), "K a: version 2 said something else before");
    assert_string_equal(follows(old, 2, NULL, 0), "K a, version 2, has vanished");
}

static void T17_what_is_deleted_comes_back_only_with_a_higher_version(void **state)
{
    (void)state;
    const struct policy_file old = made("K", "a", 2, "x", alice, NULL);
    const struct policy_file gone = made("K", "a", 3, NULL, alice, NULL);
    const struct policy_file again = made("K", "a", 4, "x", alice, NULL);
    const struct policy_file same = made("K", "a", 3, "x", alice, NULL);
    const struct policy_file unsigned_one = made("K", "a", 3, NULL, mallory, NULL);
    assert_null(follows(&old, 1, &gone, 1));
    assert_true(read_set(&gone, 1).documents[0].deleted);
    assert_null(follows(&gone, 1, &gone, 1));
    assert_null(follows(&gone, 1, &again, 1));
    assert_string_equal(follows(&gone, 1, &old, 1), "K a: version 2 is older than 3");
    assert_string_equal(follows(&gone, 1, &same, 1), "K a: version 3 said something else before");
    assert_string_equal(follows(&gone, 1, NULL, 0), "K a, version 3, has vanished");
    assert_non_null(fault(&unsigned_one, 1, 0));
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const struct policy_file files[] = {rule(alice, bob), made("K", "b", 1, "x", alice, NULL)};
    int r = GB_ERR_NOMEM;
    for (unsigned long nth = 1; r < 0; nth++) {
        struct gb_arena *own = gb_arena_new();
        struct signed_set set = {0};
        const char *why = NULL;
        gb_mem_fail_nth(nth);
        r = signed_set_read(own, files, 2, officers, &set, NULL);
        if (r == 0)
            r = signed_set_fault(own, &set, 0, &why, NULL);
        gb_mem_fail_nth(0);
        assert_true(r == GB_ERR_NOMEM || r == GB_ERR_LIMIT || (r == 0 && why));
        gb_arena_free(own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_document_without_a_signature_spoils_all),
        cmocka_unit_test(T17_a_stranger_signs_nothing),
        cmocka_unit_test(T17_the_signature_of_another_document_is_none),
        cmocka_unit_test(two_persons_are_two_officers_for_every_document),
        cmocka_unit_test(T17_nothing_goes_back_and_nothing_vanishes),
        cmocka_unit_test(T17_what_is_deleted_comes_back_only_with_a_higher_version),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
