/* The AccessPolicy: what is read, what each mistake is told, who has which role. */
#include "../test.h"
#include "base/mem.h"
#include "policy/access/access.h"
#include "policy/policy.h"
#include "wire/json.h"

#define HEAD                                                                                       \
    "apiVersion: garboard.dev/v1alpha1\nkind: AccessPolicy\n"                                      \
    "metadata: {name: people, version: 2}\nspec:\n"
#define ISSUER                                                                                     \
    "  issuers:\n    - {issuer: \"https://id.example/\", audience: garboard, jwks: "               \
    "\"https://id.example/keys\"}\n"
#define PEOPLE                                                                                     \
    "  people:\n    - {name: alice, roles: [admin]}\n    - {name: carol, roles: "                  \
    "[security-officer, auditor]}\n"

static const char whole[] = HEAD ISSUER PEOPLE
    "    - {name: bob, token: {issuer: \"https://id.example/\", subject: b-1}, roles: [auditor]}\n"
    "    - {name: sec, token: {issuer: \"https://id.example/\", claim: groups, value: sec}, roles: "
    "[security-officer]}\n"
    "  twoPerson: [policy, node.remove]\n";

static int read_text(struct gb_arena *arena, const char *text, struct policy *ret_policy,
                     struct gb_err *err)
{
    const struct policy_file file = {"a.yaml", gb_bytes_str(text)};
    return policy_read(arena, &file, 1, 7, ret_policy, err);
}

static const struct access_policy *whole_policy(struct gb_arena *arena)
{
    struct policy policy = {0};
    assert_int_equal(read_text(arena, whole, &policy, NULL), 0);
    assert_non_null(policy.access);
    return policy.access;
}

static const struct {
    const char *text;
    const char *says;
} mistakes[] = {
    {HEAD "  people:\n    - {name: alice, roles: [admn]}\n",
     "a.yaml:6: unknown role \"admn\" (did you mean \"admin\"?)"},
    {HEAD "  people:\n    - {name: alice, roles: []}\n",
     "a.yaml:6: a person without a role: leave it out"},
    {HEAD "  people:\n    - {name: Alice, roles: [admin]}\n",
     "a.yaml:6: \"Alice\" is no name: lower case letters, digits, '-' and '.' make one"},
    {HEAD "  people:\n    - {name: alice, role: [admin]}\n",
     "a.yaml:6: unknown field \"role\" (did you mean \"roles\"?)"},
    {HEAD "  people:\n    - {name: a, roles: [admin]}\n    - {name: a, roles: [auditor]}\n",
     "a.yaml:7: a stands twice"},
    {HEAD ISSUER PEOPLE "    - {name: a, token: {issuer: \"https://id.example/\", claim: g, value: "
                        "v}, roles: [auditor]}\n"
                        "    - {name: a, roles: [admin]}\n",
     "a.yaml:11: a stands twice"},
    {HEAD "  people:\n    - {name: a, roles: [admin]}\n",
     "a.yaml:5: nobody has the role security-officer"},
    {HEAD "  people:\n    - {name: a, roles: [security-officer]}\n",
     "a.yaml:5: nobody has the role admin"},
    {HEAD "  people: []\n", "a.yaml:5: nobody has the role admin"},
    {HEAD "  twoPerson: []\n", "a.yaml:5: missing field \"people\""},
    {HEAD PEOPLE "  twoPerson: [polcy]\n",
     "a.yaml:8: unknown action \"polcy\" (did you mean \"policy\"?)"},
    {HEAD PEOPLE "  twoperson: []\n",
     "a.yaml:8: unknown field \"twoperson\" (did you mean \"twoPerson\"?)"},
    {HEAD ISSUER PEOPLE
     "    - {name: b, token: {issuer: \"https://id.exampel/\", subject: s}, roles: [auditor]}\n",
     "a.yaml:10: unknown issuer \"https://id.exampel/\" (did you mean \"https://id.example/\"?)"},
    {HEAD ISSUER PEOPLE
     "    - {name: b, token: {issuer: \"https://id.example/\"}, roles: [auditor]}\n",
     "a.yaml:10: a token needs a subject, or else a claim and its value"},
    {HEAD ISSUER PEOPLE "    - {name: b, token: {issuer: \"https://id.example/\", subject: s, "
                        "claim: c, value: v}, roles: [auditor]}\n",
     "a.yaml:10: a token needs a subject, or else a claim and its value"},
    {HEAD ISSUER PEOPLE
     "    - {name: b, token: {issuer: \"https://id.example/\", claim: c}, roles: [auditor]}\n",
     "a.yaml:10: missing field \"value\""},
    {HEAD ISSUER PEOPLE
     "    - {name: b, token: {issuer: \"https://id.example/\", subject: s}, roles: [auditor]}\n"
     "    - {name: c, token: {issuer: \"https://id.example/\", subject: s}, roles: [admin]}\n",
     "a.yaml:11: c has the same token as b"},
    {HEAD "  issuers:\n    - {issuer: \"http://id.example/\", audience: g, jwks: x}\n",
     "a.yaml:6: field \"issuer\" must begin with https://"},
    {HEAD "  issuers:\n    - {issuer: \"https://id.example/\", audience: \"\", jwks: x}\n",
     "a.yaml:6: field \"audience\" is empty"},
    {HEAD "  issuers:\n    - {issuer: \"https://id.example/\", audience: g}\n",
     "a.yaml:6: missing field \"jwks\""},
    {HEAD "  issuers:\n    - {issuer: \"https://id.example/\", audience: g, jwks: {}}\n",
     "a.yaml:6: missing field \"keys\""},
    {HEAD "  issuers:\n    - issuer: \"https://id.example/\"\n      audience: g\n      jwks: "
          "\"https://x\"\n      algorithms: [none]\n",
     "a.yaml:9: unknown algorithm \"none\" (there are: ES256, RS256)"},
    {HEAD "  issuers:\n    - issuer: \"https://id.example/\"\n      audience: g\n      jwks: "
          "\"https://x\"\n      algorithms: []\n",
     "a.yaml:9: no algorithm: leave the list out for all"},
    {HEAD PEOPLE "---\n" HEAD PEOPLE,
     "a.yaml:9: a second AccessPolicy; one is enough, and \"people\" came first"},
};

static void every_mistake_names_file_line_and_nearest_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(mistakes); i++) {
        struct gb_arena *arena = gb_arena_new();
        struct policy policy = {0};
        struct gb_err err = {0};
        assert_int_equal(read_text(arena, mistakes[i].text, &policy, &err), GB_ERR_CONFIG);
        assert_string_equal(err.text, mistakes[i].says);
        gb_arena_free(arena);
    }
}

static void certificates_have_roles_by_name(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    const struct access_policy *policy = whole_policy(arena);
    assert_string_equal(policy->name, "people");
    assert_int_equal(policy->version, 2);
    assert_int_equal(access_of_name(policy, gb_bytes_str("alice")), ACCESS_BIT(ACCESS_ADMIN));
    assert_int_equal(access_of_name(policy, gb_bytes_str("carol")),
                     ACCESS_BIT(ACCESS_SECURITY_OFFICER) | ACCESS_BIT(ACCESS_AUDITOR));
    assert_int_equal(access_of_name(policy, gb_bytes_str("mallory")), 0);
    assert_int_equal(access_of_name(policy, gb_bytes_str("alic")), 0);
    /* Who is known by a token has no role by a certificate of the same name. */
    assert_int_equal(access_of_name(policy, gb_bytes_str("bob")), 0);
    gb_arena_free(arena);
}

static uint32_t of_claims(const struct access_policy *policy, const char *issuer,
                          const char *claims, const char **ret_name)
{
    gb_cleanup(json_freep) struct json *json = NULL;
    assert_int_equal(json_read(gb_bytes_str(claims), &json, NULL), 0);
    return access_of_token(policy, gb_bytes_str(issuer), json, ret_name);
}

static void tokens_have_roles_by_issuer_subject_and_claim(void **state)
{
    (void)state;
    const char *name = NULL;
    const char *us = "https://id.example/";
    struct gb_arena *arena = gb_arena_new();
    const struct access_policy *policy = whole_policy(arena);
    const uint32_t auditor = ACCESS_BIT(ACCESS_AUDITOR);
    const uint32_t officer = ACCESS_BIT(ACCESS_SECURITY_OFFICER);
    assert_int_equal(of_claims(policy, us, "{\"sub\":\"b-1\"}", &name), auditor);
    assert_string_equal(name, "bob");
    assert_int_equal(of_claims(policy, us, "{\"sub\":\"x\",\"groups\":[\"a\",\"sec\"]}", &name),
                     officer);
    assert_string_equal(name, "sec");
    assert_int_equal(of_claims(policy, us, "{\"sub\":\"x\",\"groups\":\"sec\"}", NULL), officer);
    assert_int_equal(of_claims(policy, us, "{\"sub\":\"b-1\",\"groups\":[\"sec\"]}", NULL),
                     auditor | officer);
    assert_int_equal(of_claims(policy, us, "{\"sub\":\"b-2\",\"groups\":[\"secs\",7]}", &name), 0);
    assert_null(name);
    assert_int_equal(of_claims(policy, us, "{\"groups\":{\"sec\":1}}", NULL), 0);
    assert_int_equal(of_claims(policy, us, "{}", NULL), 0);
    /* The same subject of somebody else is somebody else, and so is a certificate's name. */
    assert_int_equal(of_claims(policy, "https://id.example", "{\"sub\":\"b-1\"}", NULL), 0);
    assert_int_equal(of_claims(policy, us, "{\"sub\":\"alice\"}", NULL), 0);
    gb_arena_free(arena);
}

/* One human's certificate and token have one name. */
static void a_certificate_and_a_token_may_be_one_human(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy = {0};
    const char *name = NULL;
    assert_int_equal(read_text(arena,
                               HEAD ISSUER PEOPLE
                               "    - {name: alice, token: {issuer: \"https://id.example/\", "
                               "subject: a-1}, roles: [auditor]}\n",
                               &policy, NULL),
                     0);
    assert_int_equal(access_of_name(policy.access, gb_bytes_str("alice")),
                     ACCESS_BIT(ACCESS_ADMIN));
    assert_int_equal(of_claims(policy.access, "https://id.example/", "{\"sub\":\"a-1\"}", &name),
                     ACCESS_BIT(ACCESS_AUDITOR));
    assert_string_equal(name, "alice");
    gb_arena_free(arena);
}

static void issuers_and_what_takes_two(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    const struct access_policy *policy = whole_policy(arena);
    const struct access_issuer *issuer = access_issuer(policy, gb_bytes_str("https://id.example/"));
    assert_non_null(issuer);
    assert_string_equal(issuer->audience, "garboard");
    assert_string_equal(issuer->jwks_url, "https://id.example/keys");
    assert_null(issuer->jwks);
    assert_int_equal(issuer->algorithms, ACCESS_BIT(ACCESS_ES256) | ACCESS_BIT(ACCESS_RS256));
    assert_null(access_issuer(policy, gb_bytes_str("https://id.example/x")));
    assert_true(access_needs_two(policy, ACCESS_DO_POLICY));
    assert_true(access_needs_two(policy, ACCESS_DO_NODE_REMOVE));
    assert_false(access_needs_two(policy, ACCESS_DO_TOKEN_CREATE));
    assert_false(access_needs_two(NULL, ACCESS_DO_POLICY));
    gb_arena_free(arena);
}

static void keys_in_the_document_come_out_as_json(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy = {0};
    gb_cleanup(json_freep) struct json *json = NULL;
    struct gb_bytes kty, op;
    const char *text =
        HEAD "  issuers:\n    - issuer: \"https://i/\"\n      audience: g\n      algorithms: "
             "[ES256]\n      jwks:\n        keys:\n          - {kty: EC, crv: P-256, x: AQ, y: Ag, "
             "key_ops: [verify]}\n" PEOPLE;
    assert_int_equal(read_text(arena, text, &policy, NULL), 0);
    const struct access_issuer *issuer = &policy.access->issuers[0];
    assert_null(issuer->jwks_url);
    assert_int_equal(issuer->algorithms, ACCESS_BIT(ACCESS_ES256));
    assert_int_equal(json_read(gb_bytes_str(issuer->jwks), &json, NULL), 0);
    const struct json *key = json_at(json_get(json, "keys"), 0);
    assert_true(json_get_text(key, "kty", &kty) && gb_bytes_is(kty, "EC"));
    assert_true(json_as_text(json_at(json_get(key, "key_ops"), 0), &op));
    assert_true(gb_bytes_is(op, "verify"));
    gb_arena_free(arena);
}

/* People say nothing about nodes: without sets and a NodePolicy there is no policy. */
static void alone_it_is_no_policy_for_nodes(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy = {0};
    assert_int_equal(read_text(arena, whole, &policy, NULL), 0);
    assert_null(policy.policies);
    assert_null(policy.sets);
    gb_arena_free(arena);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    int r = GB_ERR_NOMEM;
    unsigned long nth = 1;
    for (; r < 0; nth++) {
        struct gb_arena *arena = gb_arena_new();
        struct policy policy = {0};
        assert_non_null(arena);
        gb_mem_fail_nth(nth);
        r = read_text(arena, whole, &policy, NULL);
        gb_mem_fail_nth(0);
        assert_true(r == 0 || (r == GB_ERR_NOMEM && !policy.access));
        gb_arena_free(arena);
    }
    assert_true(nth > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_names_file_line_and_nearest_name),
        cmocka_unit_test(certificates_have_roles_by_name),
        cmocka_unit_test(tokens_have_roles_by_issuer_subject_and_claim),
        cmocka_unit_test(a_certificate_and_a_token_may_be_one_human),
        cmocka_unit_test(issuers_and_what_takes_two),
        cmocka_unit_test(keys_in_the_document_come_out_as_json),
        cmocka_unit_test(alone_it_is_no_policy_for_nodes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
