/* What apply warns of (T16): each row is a pair of documents, and exactly what is told of them. */
#include <inttypes.h>
#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/lint/lint.h"
#include "policy/policy.h"
#include "verify/facts.h"
#include "wire/yaml.h"

#define D "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define E "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define HEAD(kind, name)                                                                           \
    "apiVersion: garboard.dev/v1alpha1\nkind: " kind "\nmetadata: {name: " name ", version: 1}\n"  \
    "spec:\n"
#define SET(name, rest) "---\n" HEAD("ReferenceSet", name) rest
#define PLATFORM                                                                                   \
    SET("pl", "  class: platform\n  events:\n    - {link: firmware, pcr: 0, type: "                \
              "EV_S_CRTM_VERSION, sha256: " D "}\n")
#define OS                                                                                         \
    SET("os", "  class: os\n  events:\n    - {link: kernel, pcr: 9, type: EV_IPL, sha256: " D "}"  \
              "\n")
#define FILES                                                                                      \
    SET("fi", "  class: packages\n  files: {algorithm: sha256, digests: [" D " /bin/a]}\n")
/* Nothing is to be said of this one but what IMA cannot see. Its spec ends in line 6. */
#define ALL          "  secureBoot: \"on\"\n  require: [os]\n"
#define POLICY(rest) HEAD("NodePolicy", "p") ALL rest PLATFORM OS FILES

static const char blind[] =
    "note: NodePolicy/p:4: with ima_policy=tcb nothing measures tmpfs, memfd and what users other "
    "than root read (scripts given to an interpreter), and changes on overlayfs may be missed\n";

/* All that is told, a line each; the line within its own document, as the server counts. */
static const char *lint(struct gb_arena *arena, const char *text, struct lint_subject *subject)
{
    struct policy policy;
    struct lints lints;
    struct gb_err err = {0};
    struct gb_buf out;
    struct yaml_node *docs;
    const struct policy_file file = {"p.yaml", gb_bytes_str(text)};
    gb_buf_init(&out, 1 << 20);
    if (policy_read(arena, &file, 1, 7, &policy, &err) != GB_OK)
        fail_msg("%s", err.text);
    assert_int_equal(yaml_read(arena, file.bytes, "p", &docs, NULL), GB_OK);
    subject->policy = &policy;
    assert_int_equal(policy_lint(arena, subject, &lints, &err), GB_OK);
    for (const struct lint *l = lints.first; l; l = l->next) {
        unsigned line = 0;
        for (const struct yaml_node *doc = docs->first; doc && l->kind && line == 0;
             doc = doc->next)
            if (gb_bytes_is(yaml_get(doc, "kind")->text, l->kind) &&
                gb_bytes_is(yaml_get(yaml_get(doc, "metadata"), "name")->text, l->name))
                line = lint_line(doc, l->path) - doc->line + 1;
        assert_true(l->remedy && l->remedy[0]);
        assert_null(strstr(l->remedy, "accept NAME")); /* the name is known */
        gb_buf_puts(&out, l->is_note ? "note: " : "");
        if (l->kind)
            gb_buf_printf(&out, "%s/%s:%u: ", l->kind, l->name, line);
        gb_buf_printf(&out, "%s\n", l->why);
    }
    assert_true(gb_buf_ok(&out));
    const char *said = (const char *)gb_arena_copy(arena, gb_buf_bytes(&out)).data;
    gb_buf_done(&out);
    return said;
}

static const struct {
    const char *text;
    const char *says; /* beside `blind` */
} rules[] = {
    {POLICY(""), ""},
    {POLICY("  mode: warn\n"),
     "NodePolicy/p:7: mode warn: a node that this policy refuses still counts as trusted\n"
     "no NodePolicy enforces: what is refused is told, and still trusted\n"},
    {POLICY("  mode: shadow\n"),
     "no NodePolicy enforces, all run in the shadow: no node is trusted\n"},
    {POLICY("  identity: {expired: allow}\n"),
     "NodePolicy/p:7: EK certificates may have ended: their makers vouch for them no more\n"},
    {POLICY("  freshness: 24h\n"), ""},
    {POLICY("  freshness: 25h\n"),
     "NodePolicy/p:7: a node stays trusted for 25 hours after its last proof\n"},
    {POLICY("  deny:\n    - {sha256: " D ", reason: a}\n    - {sha256: " E ", reason: b}\n"), ""},
    {POLICY("  deny:\n    - {sha256: " D ", reason: a}\n    - {sha256: " D ", reason: b}\n"),
     "NodePolicy/p:9: this digest stands on the list already: only one of both reasons is ever "
     "told\n"},
    {POLICY("  tpm:\n    allow:\n      - {manufacturer: IFX}\n      - {manufacturer: \"*\"}\n"),
     "NodePolicy/p:10: this allows every kind of TPM, weak ones too\n"},
    {POLICY("  cmdline: {allow: [\"root=*\", quiet]}\n"), ""},
    {POLICY("  cmdline:\n    allow:\n    - quiet\n    - \"*\"\n"),
     "NodePolicy/p:10: \"*\" lets the word init=/bin/sh pass\n"},
    {POLICY("  cmdline:\n    allow:\n    - \"systemd.*\"\n"),
     "NodePolicy/p:9: \"systemd.*\" lets the word systemd.unit=rescue.target pass\n"},
    {POLICY("  cmdline:\n    deny: [\"systemd.unit=*\", \"systemd.debug*\"]\n    allow:\n"
            "    - \"systemd.*\"\n"),
     "NodePolicy/p:10: \"systemd.*\" lets the word systemd.mask=auditd.service pass\n"},
    {POLICY("  cmdline:\n    deny: [\"systemd.*\"]\n    allow: [\"systemd.*\"]\n"), ""},
    {POLICY("  cmdline:\n    deny: [\"init=/bin/sh single\"]\n"),
     "NodePolicy/p:8: no word has a blank, so \"init=/bin/sh single\" matches nothing\n"},
    {POLICY("  cmdline:\n    deny: ['dyndbg=\"file a +p\"']\n"), ""},
    {POLICY("  cmdline:\n    require: [\"*\"]\n"), "NodePolicy/p:8: every word matches \"*\"\n"},
    {POLICY("  cmdline:\n    deny: [\"ima*\"]\n    require: [ima_policy=tcb]\n"),
     "NodePolicy/p:9: \"ima_policy=tcb\" is required and denied, so every node is refused\n"},
    {POLICY("  ima: {violations: refuse, criticalData: refuse}\n"), ""},
    {POLICY("  ima:\n    violations: allow\n    criticalData: allow\n"),
     "NodePolicy/p:8: a file may change while it is measured, so what ran may be another\n"
     "NodePolicy/p:9: any IMA policy, and any other data that the kernel measures of itself, "
     "passes\n"},
    {POLICY("  ima:\n    exceptions:\n"
            "    - {path: /usr/bin/one, reason: r, until: 2033-05-18}\n"
            "    - {path: /usr/bin/one, reason: r}\n"
            "    - {path: \"/usr/b*\", reason: r, until: 2033-05-18}\n"
            "    - {path: /var/tmp/x, reason: r, until: 2033-05-18}\n"
            "    - {path: /usr/share/x, reason: r, until: 2033-05-16}\n"),
     "NodePolicy/p:10: the exception \"/usr/bin/one\" never ends\n"
     "NodePolicy/p:11: \"/usr/b*\" lets any program at a place like /usr/bin/x run unknown\n"
     "NodePolicy/p:12: \"/var/tmp/x\": who can write in /var/tmp/ can run anything there\n"
     "NodePolicy/p:13: the exception \"/usr/share/x\" ended with 2033-05-16, and does nothing\n"},
    {HEAD("NodePolicy", "p") "  require: [os]\n" PLATFORM OS FILES,
     "NodePolicy/p:4: Secure Boot may be off\n"},
    {HEAD("NodePolicy", "p") "  secureBoot: {state: \"any\"}\n  require: [os]\n" PLATFORM OS FILES,
     "NodePolicy/p:5: Secure Boot may be off\n"},
    {HEAD("NodePolicy", "p") ALL FILES,
     "NodePolicy/p:6: nothing judges firmware, option-roms, boot-policy: no accepted set of class "
     "platform counts here, and require does not ask for it\n"
     "NodePolicy/p:6: nothing judges bootloader, kernel, initrd, cmdline: no accepted set of class "
     "os counts here, and require does not ask for it\n"},
    {HEAD("NodePolicy", "p") "  secureBoot: \"on\"\n  require:\n  - os\n  - engine\n" PLATFORM OS,
     "NodePolicy/p:6: os is required, but no accepted set of class packages counts here: every "
     "node is refused\n"
     "NodePolicy/p:6: engine is required, but no accepted set of class engine counts here: every "
     "node is refused\n"},
    {HEAD("NodePolicy", "p") "  secureBoot: \"on\"\n  require: [os, posture]\n" PLATFORM OS FILES,
     "NodePolicy/p:6: posture is required, and nothing judges that link yet: every node is "
     "refused\n"},
    {POLICY("  referenceSets: [pl, os, fi, old]\n") SET("old", "  class: os\n  life: retired\n"),
     "NodePolicy/p:7: old is retired, so nothing passes by it\n"},
    {POLICY("  referenceSets:\n  - pl\n  - os\n  - fi\n  - new\n")
         SET("new", "  class: os\n  life: candidate\n  events:\n    - {link: kernel, pcr: 9, type: "
                    "EV_IPL, sha256: " E "}\n"),
     "NodePolicy/p:11: new is candidate, so nothing passes by it\n"},
    {POLICY("  referenceSets: [pl, os, fi]\n")
         SET("lost", "  class: packages\n  files: {algorithm: sha256, digests: [" E " /bin/b]}\n"),
     "ReferenceSet/lost:3: no NodePolicy names it, so it decides nothing\n"},
    {POLICY("") SET("empty", "  class: packages\n"),
     "ReferenceSet/empty:4: it knows no event and no file, so nothing passes by it\n"},
};

static void T16_weak_rules_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(rules); i++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
        struct lint_subject subject = {.now_s = 2000000000}; /* 2033-05-18 */
        const char *said = lint(arena, rules[i].text, &subject);
        const char *at = strstr(said, blind);
        assert_non_null(at);
        assert_null(strstr(at + 1, blind));
        said = gb_arena_printf(arena, "%.*s%s", (int)(at - said), said, at + sizeof blind - 1);
        if (strcmp(said, rules[i].says) != 0)
            fail_msg("row %zu: %s\nbut it should be: %s", i, said, rules[i].says);
    }
}

/* What no policy sees is said where files are judged, and only there. */
static void T16_what_ima_cannot_see_is_said(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct lint_subject subject = {0};
    assert_string_equal(lint(arena, POLICY(""), &subject), blind);
    assert_null(
        strstr(lint(arena, HEAD("NodePolicy", "p") "  secureBoot: \"on\"\n" PLATFORM OS, &subject),
               "tmpfs"));
}

static void T16_sets_alone_are_no_policy(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct lint_subject subject = {0};
    assert_string_equal(
        lint(arena, HEAD("ReferenceSet", "os") "  class: os\n" PLATFORM, &subject),
        "ReferenceSet/os:4: it knows no event and no file, so nothing passes by it\n"
        "there is no NodePolicy: no link is required, and Secure Boot may be off\n");
}

/* ---- the fleet ---- */

static const struct gb_label fra[] = {{"site", "fra-2"}};
static const struct node_facts fleet[] = {
    {.name = "node-1", .labels = {.items = fra, .count = 1}},
    {.name = "node-2"},
    {.name = "node-3"},
};

#define OTHER(name, rest) "---\n" HEAD("NodePolicy", name) "  secureBoot: \"on\"\n" rest
static const struct {
    const char *text;
    const char *says;
} fleets[] = {
    {POLICY("  nodes: {labels: {site: fra-3}}\n"),
     "no NodePolicy is for node-1 and 2 more: not trusted\n"
     "NodePolicy/p:7: no node has such a name and such labels, so it judges none\n"},
    {POLICY("  nodes: {names: [\"node-[12]\", node-1]}\n"),
     "no NodePolicy is for node-2 and 1 more: not trusted\n"},
    {POLICY("") OTHER("q", "  nodes: {names: [node-3]}\n"),
     "NodePolicies p and q are both for node-3 with the same priority: not trusted\n"},
    {POLICY("  priority: 1\n") OTHER("q", "  nodes: {names: [node-3]}\n"),
     "NodePolicy/q:4: it judges no node: NodePolicy p is for them, too, with a higher priority\n"},
    {POLICY("") OTHER("q", "  mode: shadow\n"), ""},
    {POLICY("") SET("site", "  class: packages\n  appliesTo:\n    labels: {site: \"fra-*\"}\n  "
                            "files: {algorithm: sha256, digests: [" E " /bin/b]}\n"),
     ""},
    {POLICY("") SET("site", "  class: packages\n  appliesTo:\n    labels: {site: \"ber-*\"}\n  "
                            "files: {algorithm: sha256, digests: [" E " /bin/b]}\n"),
     "ReferenceSet/site:7: no node has these labels, so it decides nothing\n"},
};

static void T16_the_fleet_is_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(fleets); i++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
        const struct lint_name fresh[] = {
            {"NodePolicy", "p"}, {"NodePolicy", "q"}, {"ReferenceSet", "site"}};
        struct lint_subject subject = {
            .nodes = fleet, .node_count = GB_ARRAY_LEN(fleet), .fresh = fresh, .fresh_count = 3};
        const char *said = lint(arena, fleets[i].text, &subject);
        const char *at = strstr(said, blind);
        assert_non_null(at);
        /* q is no whole policy: only what is told of the fleet is compared. */
        gb_cleanup(gb_buf_done) struct gb_buf out;
        struct gb_lines lines;
        struct gb_bytes line;
        gb_buf_init(&out, 1 << 16);
        gb_lines_init(&lines, gb_bytes_str(said));
        while (gb_lines_next(&lines, &line)) {
            const char *copy = (const char *)gb_arena_copy(arena, line).data;
            if (!strstr(copy, "nothing judges") && !strstr(copy, "ima_policy"))
                gb_buf_printf(&out, "%s\n", copy);
        }
        said = (const char *)gb_arena_copy(arena, gb_buf_bytes(&out)).data;
        if (strcmp(said ? said : "", fleets[i].says) != 0)
            fail_msg("row %zu: %s\nbut it should be: %s", i, said, fleets[i].says);
    }
}

/* Documents that stand already are not told of again; a set that goes tells of who names it. */
static void T16_only_what_is_applied_is_told(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const struct lint_name fresh[] = {{"ReferenceSet", "old"}};
    struct lint_subject subject = {.fresh = fresh, .fresh_count = 1};
    const char *text = POLICY("  freshness: 48h\n  referenceSets: [pl, os, fi, old]\n")
        SET("old", "  class: os\n  life: retired\n");
    assert_string_equal(lint(arena, text, &subject),
                        "ReferenceSet/old:6: NodePolicy p names it, but it is retired, so nothing "
                        "passes by it\n");
    subject.fresh_count = 0;
    assert_string_equal(lint(arena, text, &subject), "");
}

/* More warnings than are told. */
static void read_many(struct gb_arena *arena, struct policy *ret_policy)
{
    gb_cleanup(gb_buf_done) struct gb_buf text;
    gb_buf_init(&text, 1 << 20);
    gb_buf_puts(&text, HEAD("NodePolicy", "p") "  cmdline:\n    allow:\n");
    for (int i = 0; i < GB_LIMIT_LINTS + 10; i++)
        gb_buf_puts(&text, "    - \"*\"\n");
    const struct policy_file file = {"p.yaml", gb_buf_bytes(&text)};
    assert_int_equal(policy_read(arena, &file, 1, 7, ret_policy, NULL), GB_OK);
}

static void there_is_a_ceiling(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct policy policy;
    struct lints lints;
    read_many(arena, &policy);
    const struct lint_subject subject = {.policy = &policy};
    assert_int_equal(policy_lint(arena, &subject, &lints, NULL), GB_OK);
    assert_int_equal(lints.count, GB_LIMIT_LINTS);
    assert_true(lints.left_out >= 10);
}

static void short_memory_is_an_error(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct policy policy;
    read_many(arena, &policy);
    const struct lint_subject subject = {.policy = &policy};
    int r = GB_ERR_NOMEM;
    unsigned long n = 1;
    for (; r == GB_ERR_NOMEM; n++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *own = gb_arena_new();
        struct lints lints;
        gb_mem_fail_nth(n);
        r = policy_lint(own, &subject, &lints, NULL);
        gb_mem_fail_nth(0);
        assert_true(r == GB_OK || r == GB_ERR_NOMEM);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T16_weak_rules_are_told),
        cmocka_unit_test(T16_what_ima_cannot_see_is_said),
        cmocka_unit_test(T16_sets_alone_are_no_policy),
        cmocka_unit_test(T16_the_fleet_is_compared),
        cmocka_unit_test(T16_only_what_is_applied_is_told),
        cmocka_unit_test(there_is_a_ceiling),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
