#include <string.h>

#include "../test.h"
#include "attest/trust.h"

static const char one[] = "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n"
                          "  name: one\n  version: 1\nspec:\n  secureBoot: any\n";

static struct gb_arena *arena;
static struct digester *digester;

static int set_up(void **state)
{
    (void)state;
    arena = gb_arena_new();
    return arena ? digester_new(&digester, NULL) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    digester_free(digester);
    gb_arena_free(arena);
    return 0;
}

static int read_one(const char *text, struct trust *trust, struct gb_err *err)
{
    const struct policy_file file = {"one.yaml", gb_bytes_str(text)};
    const struct trust_parts parts = {.policies = &file, .policy_count = 1, .seed = 1};
    struct x509_store *roots = NULL;
    int r = trust_read(arena, digester, &parts, trust, &roots, err);
    assert_null(roots);
    return r;
}

static void the_id_names_what_was_loaded(void **state)
{
    (void)state;
    struct trust a = {0}, b = {0};
    char longer[400];
    assert_int_equal(read_one(one, &a, NULL), GB_OK);
    assert_int_not_equal(a.id, 0);
    assert_string_equal(a.policy.policies->name, "one");
    assert_non_null(a.policy.files);
    assert_int_equal(read_one(one, &b, NULL), GB_OK);
    assert_true(a.id == b.id);
    strcpy(longer, one);
    strcat(longer, "# more\n");
    assert_int_equal(read_one(longer, &b, NULL), GB_OK);
    assert_true(a.id != b.id);
}

static void nothing_is_trust_in_nothing(void **state)
{
    (void)state;
    struct trust trust = {0};
    const struct trust_parts parts = {0};
    struct x509_store *roots = NULL;
    assert_int_equal(trust_read(arena, digester, &parts, &trust, &roots, NULL), GB_OK);
    assert_null(trust.policy.policies);
    assert_null(trust.anchors.ek_roots);
    assert_int_not_equal(trust.id, 0);
}

static void a_wrong_file_is_named(void **state)
{
    (void)state;
    struct trust trust = {.id = 42};
    struct gb_err err = {0};
    assert_int_equal(read_one("kind: [", &trust, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "one.yaml"));
    const struct policy_file root = {"root.pem", gb_bytes_str("no certificate")};
    const struct trust_parts parts = {.roots = &root, .root_count = 1};
    struct x509_store *roots = NULL;
    assert_int_equal(trust_read(arena, digester, &parts, &trust, &roots, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "root.pem"));
    assert_int_equal(err.code, GB_ERR_CONFIG);
    assert_null(roots);
    assert_int_equal(trust.id, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_names_what_was_loaded),
        cmocka_unit_test(nothing_is_trust_in_nothing),
        cmocka_unit_test(a_wrong_file_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
