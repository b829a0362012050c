/* The manifest: what is read, and what each mistake is told. */
#include "../test.h"
#include "base/mem.h"
#include "evidence/eventlog.h"
#include "policy/policy.h"

#define HEAD_SET                                                                                   \
    "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n  name: s\nspec:\n"
#define HEAD_POLICY                                                                                \
    "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: p\n  version: "       \
    "3\nspec:\n"
#define HEAD_DELETED(kind)                                                                         \
    "apiVersion: garboard.dev/v1alpha1\nkind: " kind "\nmetadata:\n  name: s\n  deleted: "
#define SHA256_TEXT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int read_text(struct gb_arena *arena, const char *text, struct policy *ret_policy,
                     struct gb_err *err)
{
    const struct policy_file file = {"p.yaml", gb_bytes_str(text)};
    return policy_read(arena, &file, 1, 7, ret_policy, err);
}

/* Each row: a text, and exactly what is said about it. */
static const struct {
    const char *text;
    const char *says;
} mistakes[] = {
    {"- a\n", "p.yaml:1: a document must be a mapping"},
    {"kind: NodePolicy\n", "p.yaml:1: missing field \"apiVersion\""},
    {"apiVersion: garboard.dev/v1alpha2\nkind: NodePolicy\n",
     "p.yaml:1: unknown apiVersion \"garboard.dev/v1alpha2\" (did you mean "
     "\"garboard.dev/v1alpha1\"?)"},
    {"apiVersion: garboard.dev/v1alpha1\nkind: NodePolcy\n",
     "p.yaml:2: unknown kind \"NodePolcy\" (did you mean \"NodePolicy\"?)"},
    {"apiVersion: garboard.dev/v1alpha1\nkind: Secret\n",
     "p.yaml:2: unknown kind \"Secret\" (there are: NodePolicy, ReferenceSet, AccessPolicy)"},
    {HEAD_DELETED("ReferenceSet") "true\n", "p.yaml:5: what is deleted needs a version"},
    {HEAD_DELETED("ReferenceSet") "yes\n  version: 2\n",
     "p.yaml:5: unknown value of deleted \"yes\" (there are: true)"},
    {HEAD_DELETED("ReferenceSet") "true\n  version: 2\nspec:\n  class: os\n",
     "p.yaml:7: what is deleted has no spec"},
    {HEAD_DELETED("AccessPolicy") "true\n  version: 2\n",
     "p.yaml:5: an AccessPolicy cannot be deleted: nobody would have a role; apply a higher "
     "version "
     "of it"},
    {HEAD_POLICY "  referenceSets: [s]\n---\n" HEAD_DELETED("ReferenceSet") "true\n  version: 2\n",
     "p.yaml:7: reference set \"s\" was deleted; take it off this list"},
    {HEAD_SET "  class: plattform\n",
     "p.yaml:6: unknown class \"plattform\" (did you mean \"platform\"?)"},
    {HEAD_SET "  klass: os\n", "p.yaml:6: unknown field \"klass\" (did you mean \"class\"?)"},
    {HEAD_SET "  source: x\n", "p.yaml:6: missing field \"class\""},
    {HEAD_SET "  class: [os]\n", "p.yaml:6: field \"class\" must be a single value"},
    {HEAD_SET "  class: os\n  events: 5\n", "p.yaml:7: field \"events\" must be a list"},
    {HEAD_SET "  class: os\n  events:\n  - 5\n", "p.yaml:8: an event must be a mapping"},
    {HEAD_SET "  class: os\n  events:\n  - link: kernle\n",
     "p.yaml:8: unknown link \"kernle\" (did you mean \"kernel\"?)"},
    {HEAD_SET "  class: os\n  events:\n  - link: location\n",
     "p.yaml:8: unknown link \"location\""},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcrs: 4\n",
     "p.yaml:9: unknown field \"pcrs\" (did you mean \"pcr\"?)"},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 24\n",
     "p.yaml:9: field \"pcr\" must be a number from 0 to 23, not \"24\""},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: \"4\"\n",
     "p.yaml:9: field \"pcr\" must be a number from 0 to 23, not \"4\""},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 4\n    type: EV_IPPL\n",
     "p.yaml:10: unknown event type \"EV_IPPL\" (did you mean \"EV_IPL\"?)"},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 4\n    type: 0x0000000g\n",
     "p.yaml:10: unknown event type \"0x0000000g\""},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 4\n    type: EV_IPL\n",
     "p.yaml:8: an event needs a digest: sha256, sha384 or sha512"},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 4\n    type: EV_IPL\n"
              "    sha1: 0011223344556677889900112233445566778899\n",
     "p.yaml:11: SHA-1 digests are not accepted"},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 4\n    type: EV_IPL\n"
              "    sha256: 00ff\n",
     "p.yaml:11: field \"sha256\" must be 64 hex digits"},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 0\n    type: EV_IPL\n"
              "    sha256: " SHA256_TEXT "\n",
     "p.yaml:8: PCR 0 belongs to sets of class platform"},
    {HEAD_SET "  class: os\n  events:\n  - link: kernel\n    pcr: 4\n    type: EV_IPL\n"
              "    about: \"a\\x1b[2J\"\n    sha256: " SHA256_TEXT "\n",
     "p.yaml:11: field \"about\" holds characters that do not print"},
    {HEAD_SET "  class: os\n  events:\n  - link: cmdline\n    pcr: 9\n    type: EV_IPL\n"
              "    value: \"a\\0b\"\n    sha256: " SHA256_TEXT "\n",
     "p.yaml:11: a value holds a NUL"},
    {HEAD_SET "  class: packages\n  events: []\n",
     "p.yaml:7: a set of class packages has no events"},
    {HEAD_SET "  class: os\n  files:\n    algorithm: sha256\n    digests: []\n",
     "p.yaml:7: only a set of class packages or engine has files"},
    {HEAD_SET "  class: packages\n  files:\n    algorithm: sha1\n    digests: []\n",
     "p.yaml:8: SHA-1 digests are not accepted"},
    {HEAD_SET "  class: packages\n  files:\n    algorithm: sha265\n    digests: []\n",
     "p.yaml:8: unknown algorithm \"sha265\" (did you mean \"sha256\"?)"},
    {HEAD_SET "  class: packages\n  files:\n    algorithm: sha256\n",
     "p.yaml:8: missing field \"digests\""},
    {HEAD_SET "  class: packages\n  files:\n    algorithm: sha256\n    digests:\n    - abc /x\n",
     "p.yaml:10: a digest must be 64 hex digits, a blank and a path"},
    {HEAD_SET "  class: packages\n  files:\n    algorithm: sha256\n    digests:\n"
              "    - " SHA256_TEXT " /a\n    - [1]\n",
     "p.yaml:11: a digest must be 64 hex digits, a blank and a path"},
    {HEAD_SET "  class: packages\n  files:\n    algorithm: sha256\n    digests:\n"
              "    - " SHA256_TEXT " /a\\n\n",
     "p.yaml:10: in a path, \"\\\\\" is a backslash and \"\\xNN\" a byte; nothing else follows a "
     "backslash"},
    {"apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n  name: A_b\nspec:\n"
     "  class: os\n",
     "p.yaml:4: \"A_b\" is no name: lower case letters, digits, '-' and '.' make one"},
    {"apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n  name: a\n  labels: b\n"
     "spec:\n  class: os\n",
     "p.yaml:5: unknown field \"labels\" (there are: name, version, deleted, signatures)"},
    {HEAD_POLICY "  require: [os, kernel-]\n",
     "p.yaml:7: unknown link \"kernel-\" (did you mean \"kernel\"?)"},
    {HEAD_POLICY "  mode: shadwo\n",
     "p.yaml:7: unknown mode \"shadwo\" (did you mean \"shadow\"?)"},
    {HEAD_POLICY "  priority: -1\n",
     "p.yaml:7: field \"priority\" must be a number from 0 to 1000000, not \"-1\""},
    {HEAD_POLICY "  nodes:\n    label: {a: b}\n",
     "p.yaml:8: unknown field \"label\" (did you mean \"labels\"?)"},
    {HEAD_POLICY "  nodes:\n    labels:\n      site: [a]\n",
     "p.yaml:9: the value of label site must be a text"},
    {HEAD_POLICY "  nodes:\n    names: []\n",
     "p.yaml:8: names is empty; leave it out for every node"},
    {HEAD_POLICY "  engine:\n    paths: [usr/bin/runc]\n", "p.yaml:8: a path begins with a slash"},
    {HEAD_POLICY "  engine:\n    path: [/a]\n",
     "p.yaml:8: unknown field \"path\" (did you mean \"paths\"?)"},
    {HEAD_SET "  class: os\n  life: retierd\n",
     "p.yaml:7: unknown life \"retierd\" (did you mean \"retired\"?)"},
    {HEAD_SET "  class: os\n  appliesTo:\n    vender: x\n",
     "p.yaml:8: unknown field \"vender\" (did you mean \"vendor\"?)"},
    {HEAD_POLICY "  secureBoot: yes\n",
     "p.yaml:7: unknown Secure Boot state \"yes\" (there are: any, on, off)"},
    {HEAD_POLICY "  secureBoot: onn\n",
     "p.yaml:7: unknown Secure Boot state \"onn\" (did you mean \"on\"?)"},
    {HEAD_POLICY "  identity:\n    expired: alow\n",
     "p.yaml:8: unknown permission \"alow\" (did you mean \"allow\"?)"},
    {HEAD_POLICY "  ima:\n    violation: allow\n",
     "p.yaml:8: unknown field \"violation\" (did you mean \"violations\"?)"},
    {HEAD_POLICY "  referenceSets:\n  - t\n---\n" HEAD_SET "  class: os\n",
     "p.yaml:8: unknown reference set \"t\" (there are: s)"},
    {HEAD_POLICY "  referenceSets:\n  - sss\n  - platfrm\n---\n"
                 "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                 "  name: platform\nspec:\n  class: platform\n",
     "p.yaml:8: unknown reference set \"sss\" (there are: platform)"},
    {HEAD_POLICY "  referenceSets:\n  - platfrm\n---\n"
                 "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                 "  name: platform\nspec:\n  class: platform\n",
     "p.yaml:8: unknown reference set \"platfrm\" (did you mean \"platform\"?)"},
    {HEAD_POLICY "  secureBoot: on\n---\n" HEAD_POLICY "  secureBoot: on\n",
     "p.yaml:9: a second NodePolicy \"p\""},
    {HEAD_SET "  class: os\n---\n" HEAD_SET "  class: os\n",
     "p.yaml:8: a second ReferenceSet \"s\""},
    {"apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: p\nspec:\n  "
     "secureBoot: on\n",
     "p.yaml:4: missing field \"version\""},
    {"apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: p\n  version: 0\n"
     "spec:\n  secureBoot: on\n",
     "p.yaml:5: field \"version\" must be a number from 1 to 9223372036854775807, not \"0\""},
    {"", "p.yaml:1: no document in this file"},
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

static void reads_a_node_policy(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy;
    const char *text = HEAD_POLICY "  referenceSets: [b]\n  require: [os, boot-policy]\n"
                                   "  secureBoot: on\n  identity:\n    expired: allow\n"
                                   "  ima:\n    violations: allow\n";
    const struct policy_file files[] = {
        {"one.yaml", gb_bytes_str(text)},
        {"two.yaml",
         gb_bytes_str("apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                      "  name: a\nspec:\n  class: os\n---\n"
                      "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                      "  name: b\nspec:\n  class: platform\n  source: by hand\n")}};
    assert_int_equal(policy_read(arena, files, 2, 7, &policy, NULL), 0);
    assert_string_equal(policy.policies->name, "p");
    assert_int_equal(policy.policies->version, 3);
    assert_int_equal(policy.policies->set_count, 1);
    assert_true(policy.policies->require[GB_LINK_OS]);
    assert_true(policy.policies->require[GB_LINK_BOOT_POLICY]);
    assert_false(policy.policies->require[GB_LINK_KERNEL]);
    assert_int_equal(policy.policies->rules.secure_boot.want, POLICY_ON);
    assert_true(policy.policies->allow_expired_ek);
    assert_true(policy.policies->rules.ima.allow_violations);
    assert_string_equal(policy.policies->sets[0]->name, "b");
    assert_string_equal(policy.policies->sets[0]->source, "by hand");
    assert_int_equal(policy.policies->sets[0]->cls, REF_PLATFORM);
    assert_string_equal(policy.sets->name, "a"); /* loaded, and not named */
    gb_arena_free(arena);
}

static void without_a_node_policy_all_sets_count(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy;
    assert_int_equal(read_text(arena, HEAD_SET "  class: os\n", &policy, NULL), 0);
    assert_string_equal(policy.policies->name, "default");
    assert_int_equal(policy.policies->version, 0);
    assert_string_equal(policy.sets->name, "s");
    assert_int_equal(policy.policies->rules.secure_boot.want, POLICY_ANY);
    assert_int_equal(policy_read(arena, NULL, 0, 7, &policy, NULL), 0);
    assert_null(policy.policies);
    assert_null(policy.sets);
    gb_arena_free(arena);
}

static void a_policy_comes_back_as_written(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    static const char *const sets[] = {"a.b-1"};
    struct node_policy node = {.name = "nodes",
                               .version = 12,
                               .set_names = sets,
                               .set_count = 1,
                               .rules.secure_boot.want = POLICY_OFF};
    const struct ref_set set = {.name = "a.b-1", .cls = REF_OS};
    node.require[GB_LINK_EVIDENCE] = true;
    node.require[GB_LINK_LOCATION] = true;
    struct gb_buf out;
    gb_buf_init(&out, 1 << 16);
    node_policy_write(&out, &node);
    ref_set_write(&out, &set);
    assert_true(gb_buf_ok(&out));
    const struct policy_file file = {"x.yaml", gb_buf_bytes(&out)};
    struct policy policy;
    assert_int_equal(policy_read(arena, &file, 1, 7, &policy, NULL), 0);
    assert_string_equal(policy.policies->name, "nodes");
    assert_int_equal(policy.policies->version, 12);
    assert_int_equal(policy.policies->rules.secure_boot.want, POLICY_OFF);
    assert_true(policy.policies->require[GB_LINK_EVIDENCE]);
    assert_true(policy.policies->require[GB_LINK_LOCATION]);
    assert_false(policy.policies->require[GB_LINK_OS]);
    assert_false(policy.policies->allow_expired_ek);
    assert_string_equal(policy.sets->name, "a.b-1");
    gb_buf_done(&out);
    gb_arena_free(arena);
}

/* A tombstone says nothing; that of a NodePolicy does not bring the implied one back. */
static void T17_what_is_deleted_says_nothing(void **state)
{
    (void)state;
    struct policy policy = {0};
    struct gb_arena *arena = gb_arena_new();
    assert_int_equal(
        read_text(arena, HEAD_DELETED("ReferenceSet") "true\n  version: 2\n", &policy, NULL), 0);
    assert_null(policy.sets);
    assert_null(policy.policies);
    assert_int_equal(
        read_text(arena,
                  HEAD_SET "  class: os\n---\n" HEAD_DELETED("NodePolicy") "true\n  version: 2\n",
                  &policy, NULL),
        0);
    assert_null(policy.policies);
    gb_arena_free(arena);
}

/* No way out of policy_read leaves a policy behind when memory is short. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    const char *text = HEAD_POLICY "  referenceSets: [s]\n  require: [os]\n---\n" HEAD_SET
                                   "  class: packages\n  files:\n    algorithm: sha256\n"
                                   "    digests:\n    - " SHA256_TEXT " /a\\x41\n";
    int r = GB_ERR_NOMEM;
    unsigned long nth = 1;
    for (; r < 0; nth++) {
        struct gb_arena *arena = gb_arena_new();
        struct policy policy = {0};
        assert_non_null(arena);
        gb_mem_fail_nth(nth);
        r = read_text(arena, text, &policy, NULL);
        gb_mem_fail_nth(0);
        assert_true(r == 0 || (r == GB_ERR_NOMEM && !policy.policies && !policy.sets));
        gb_arena_free(arena);
    }
    assert_true(nth > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_names_file_line_and_nearest_name),
        cmocka_unit_test(reads_a_node_policy),
        cmocka_unit_test(without_a_node_policy_all_sets_count),
        cmocka_unit_test(a_policy_comes_back_as_written),
        cmocka_unit_test(T17_what_is_deleted_says_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
