/* Signatures in documents: what is the same document, what is another, who signed it. */
#include "../test.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/signer.h"
#include "policy/documents/sign.h"
#include "policy/documents/signed.h"
#include "policy/policy.h"
#include "wire/yaml.h"

static struct gb_arena *arena;
static struct signer *alice, *bob;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    if (!arena || signer_new(&alice, NULL) < 0)
        return -1;
    return signer_new(&bob, NULL);
}

static int teardown(void **state)
{
    (void)state;
    signer_free(alice);
    signer_free(bob);
    gb_arena_free(arena);
    return 0;
}

static const struct yaml_node *document_of(struct gb_bytes text)
{
    struct yaml_node *documents = NULL;
    assert_int_equal(yaml_read(arena, text, "d", &documents, NULL), 0);
    assert_true(documents->count >= 1);
    return documents->first;
}

static void digest_of_text(const char *text, uint8_t out[32])
{
    assert_int_equal(signed_digest(arena, document_of(gb_bytes_str(text)), out, NULL), 0);
}

static const char original[] = "apiVersion: garboard.dev/v1alpha1\n"
                               "kind: NodePolicy\n"
                               "metadata:\n"
                               "  name: nodes # ours\n"
                               "  version: 3\n"
                               "spec:\n"
                               "  require: [os, kernel]\n"
                               "  secureBoot: \"on\"\n";

static const char *const same[] = {
    /* quoting */
    "apiVersion: 'garboard.dev/v1alpha1'\nkind: \"NodePolicy\"\nmetadata:\n  name: \"nodes\"\n"
    "  version: \"3\"\nspec:\n  require: [\"os\", 'kernel']\n  secureBoot: on\n",
    /* order of keys, comments, indentation, block style of the list */
    "# why\nspec:\n    secureBoot: on\n    require:\n    - os # the list\n    - kernel\n"
    "metadata:\n   version: 3\n   name: nodes\n\nkind: NodePolicy\n"
    "apiVersion: garboard.dev/v1alpha1\n",
    /* flow style on one line, and as JSON */
    "{kind: NodePolicy, apiVersion: garboard.dev/v1alpha1, metadata: {name: nodes, version: 3}, "
    "spec: {require: [os, kernel], secureBoot: on}}",
    "{\"apiVersion\":\"garboard.dev/v1alpha1\",\"kind\":\"NodePolicy\",\"metadata\":{\"version\":3,"
    "\"name\":\"nodes\"},\"spec\":{\"secureBoot\":\"on\",\"require\":[\"os\",\"kernel\"]}}",
    /* a text in another style; signatures that are there */
    "apiVersion: >-\n  garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: nodes\n"
    "  signatures: [{key: ab, value: cd}]\n  version: 3\nspec:\n  require: [os, kernel]\n"
    "  secureBoot: \"\\x6fn\"\n",
};

static const char *const others[] = {
    /* a value, a key, a field more, a field less, another order of a list, a list for a text */
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 4}, "
    "spec: {require: [os, kernel], secureBoot: on}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 03}, "
    "spec: {require: [os, kernel], secureBoot: on}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {requires: [os, kernel], secureBoot: on}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {require: [os, kernel], secureBoot: on, ima: {violations: allow}}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {require: [os, kernel]}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {require: [kernel, os], secureBoot: on}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {require: [os, kernel], secureBoot: [on]}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {require: [\"os, kernel\"], secureBoot: on}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {require: [os, kernel], secureBoot: on}, signatures: []}",
    "{apiVersion: garboard.dev/v1alpha1, kind: NodePolicy, metadata: {name: nodes, version: 3}, "
    "spec: {require: [os, kernel], secureBoot: on, signatures: []}}",
    "{apiVersion: garboard.dev/v1alpha1, kind: ReferenceSet, metadata: {name: nodes, version: 3}, "
    "spec: {require: [os, kernel], secureBoot: on}}",
};

static void layout_changes_nothing_that_is_signed(void **state)
{
    (void)state;
    uint8_t first[32], other[32];
    digest_of_text(original, first);
    for (size_t i = 0; i < GB_ARRAY_LEN(same); i++) {
        digest_of_text(same[i], other);
        assert_memory_equal(first, other, 32);
    }
}

static void any_change_is_another_document(void **state)
{
    (void)state;
    uint8_t seen[GB_ARRAY_LEN(others) + 1][32];
    digest_of_text(original, seen[0]);
    for (size_t i = 0; i < GB_ARRAY_LEN(others); i++) {
        digest_of_text(others[i], seen[i + 1]);
        for (size_t k = 0; k <= i; k++)
            assert_memory_not_equal(seen[k], seen[i + 1], 32);
    }
}

/* RFC 8949, 4.2.1, written down by hand: heads shortest, keys in the order of their encoding. */
static void the_signed_bytes_are_these(void **state)
{
    (void)state;
    static const uint8_t expected[] = "garboard.dev/document/v1\0"
                                      "\xa3\x61"
                                      "b\x62"
                                      "12\x62"
                                      "aa\x82\x60\x61x\x68metadata\xa1\x64name\x61n";
    struct gb_buf out;
    gb_buf_init(&out, 1 << 12);
    const char *text = "aa: ['', x]\nmetadata: {signatures: [1], name: n}\nb: 12\n";
    assert_int_equal(signed_bytes(arena, document_of(gb_bytes_str(text)), &out, NULL), 0);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.len);
    gb_buf_done(&out);
}

/* ---- signing ---- */

static struct gb_bytes sign(const char *text, const struct signer *by, struct sign_text *ret_read)
{
    struct gb_buf out;
    struct gb_err err = {0};
    struct sign_text read;
    gb_buf_init(&out, 1 << 20);
    int r = sign_read(arena, "d.yaml", gb_bytes_str(text), by, &read, &err);
    if (r == 0)
        r = sign_write(&read, by, &out, &err);
    if (r < 0)
        print_message("%s\n", err.text);
    assert_int_equal(r, 0);
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    if (ret_read)
        *ret_read = read;
    return copy;
}

/* Invalid documents are not signed; a version that signing puts in is no mistake. */
static void what_is_not_valid_is_not_signed(void **state)
{
    (void)state;
    static const char head[] = "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata: "
                               "{name: n}\nspec:\n";
    static const struct {
        const char *spec;
        const char *wrong; /* NULL: it is valid */
    } cases[] = {
        {"  require: [os]\n", NULL},
        {"  referenceSets: [elsewhere]\n", NULL}, /* which is for the server to know */
        {"  requires: [os]\n", "d.yaml:5: unknown field \"requires\""},
        {"  secureBoot: yes\n", "d.yaml:5: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gb_err err = {0};
        struct sign_text read;
        const char *text = gb_arena_printf(arena, "%s%s", head, cases[i].spec);
        assert_int_equal(sign_read(arena, "d.yaml", gb_bytes_str(text), alice, &read, NULL), 0);
        assert_int_equal(sign_check(&read, &err), cases[i].wrong ? GB_ERR_DENIED : 0);
        if (cases[i].wrong)
            assert_memory_equal(err.text, cases[i].wrong, strlen(cases[i].wrong));
        assert_null(yaml_get(yaml_get(read.documents[0].node, "metadata"), "version"));
    }
}

static struct officers *officers_of(const struct signer *signer)
{
    struct officers *officers = NULL;
    assert_int_equal(officers_of_signer(signer, &officers, NULL), 0);
    return officers;
}

/* Both, as PEM files: the way of the programs. */
static struct officers *both(void)
{
    struct officers *officers = NULL;
    struct gb_buf a, b;
    gb_buf_init(&a, 4096);
    gb_buf_init(&b, 4096);
    assert_int_equal(signer_public_pem(alice, &a, NULL), 0);
    assert_int_equal(signer_public_pem(bob, &b, NULL), 0);
    const struct policy_file pems[] = {
        {"a", gb_buf_bytes(&a)}, {"b", gb_buf_bytes(&b)}, {"a again", gb_buf_bytes(&a)}};
    assert_int_equal(officers_read(pems, 3, &officers, NULL), 0);
    assert_int_equal(officers_count(officers), 2);
    gb_buf_done(&a);
    gb_buf_done(&b);
    return officers;
}

static struct signature_list check(struct gb_bytes text, const struct officers *officers)
{
    const struct field_file file = {arena, "d.yaml"};
    struct signature_list list = {0};
    assert_int_equal(signed_check(&file, document_of(text), officers, &list, NULL), 0);
    return list;
}

/* What is left when all that `signed` has more is taken away must be `text`, byte for byte. */
static bool only_adds(const char *text, struct gb_bytes with)
{
    size_t at = 0;
    for (size_t i = 0; text[i]; at++) {
        if (at == with.len)
            return false;
        if ((char)with.data[at] == text[i])
            i++;
    }
    return true;
}

static const char *const layouts[] = {
    original,
    "apiVersion: x\nkind: K\nmetadata: {name: n, version: 1}\nspec: {}\n",
    "{\"kind\": \"K\", \"metadata\": {\"name\": \"n\"}}",
    "kind: K\nmetadata:\n      version: 1\n      name: 'n'   # a name\n\nspec: 5 # \xc3\xbc\n",
    "kind: K # \xe2\x82\xac \xf0\x9f\x94\x91\nmetadata:\n  name: n", /* ends without a newline */
    "---\nkind: K\r\nmetadata:\r\n  name: n\r\nspec: x\r\n",
    "kind: K\nmetadata:\n  signatures: []\n  name: n\n",
    "kind: K\nmetadata: {signatures: [], name: n}\n",
    "metadata:\n  name: n\n  signatures:\n  - key: "
    "0000000000000000000000000000000000000000000000000000000000000000\n    value: "
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
    "kind: K\n",
    "# first\nkind: K\nmetadata:\n  name: a\n---\n# second\nkind: K\nmetadata: {name: b}\n---\n",
};

static void a_signature_goes_into_every_layout_and_changes_nothing_else(void **state)
{
    (void)state;
    struct officers *officers = officers_of(alice);
    for (size_t i = 0; i < GB_ARRAY_LEN(layouts); i++) {
        struct gb_bytes with = sign(layouts[i], alice, NULL);
        assert_true(only_adds(layouts[i], with));
        assert_int_equal(check(with, officers).good, 1);
        /* What is signed stays as it is. */
        struct gb_bytes again = sign((const char *)with.data, alice, NULL);
        assert_true(gb_bytes_equal(with, again));
    }
    officers_free(officers);
}

static void the_second_document_has_its_own_signature(void **state)
{
    (void)state;
    struct officers *officers = officers_of(alice);
    const struct field_file file = {arena, "d.yaml"};
    struct sign_text read;
    struct signature_list list;
    struct yaml_node *documents = NULL;
    struct gb_bytes with = sign(layouts[GB_ARRAY_LEN(layouts) - 1], alice, &read);
    assert_int_equal(read.count, 2);
    assert_int_equal(yaml_read(arena, with, "d", &documents, NULL), 0);
    assert_int_equal(signed_check(&file, documents->first->next, officers, &list, NULL), 0);
    assert_int_equal(list.good, 1);
    officers_free(officers);
}

static void two_officers_add_up_and_one_counts_once(void **state)
{
    (void)state;
    struct officers *officers = both();
    struct officers *only_bob = officers_of(bob);
    struct gb_bytes one = sign(original, alice, NULL);
    assert_int_equal(check(one, officers).good, 1);
    assert_int_equal(check(one, only_bob).good, 0);
    assert_int_equal(check(one, only_bob).items[0].state, SIGNATURE_UNKNOWN_KEY);
    struct gb_bytes two = sign((const char *)one.data, bob, NULL);
    assert_int_equal(check(two, officers).count, 2);
    assert_int_equal(check(two, officers).good, 2);
    assert_int_equal(check(two, only_bob).good, 1);
    /* Again by the same key: still two. */
    assert_int_equal(check(sign((const char *)two.data, alice, NULL), officers).count, 2);
    officers_free(officers);
    officers_free(only_bob);
}

static const char *replaced(struct gb_bytes text, const char *from, const char *to)
{
    const char *at = strstr((const char *)text.data, from);
    assert_non_null(at);
    return gb_arena_printf(arena, "%.*s%s%s", (int)(at - (const char *)text.data),
                           (const char *)text.data, to, at + strlen(from));
}

static void a_changed_document_has_a_bad_signature_until_it_is_signed_again(void **state)
{
    (void)state;
    struct officers *officers = both();
    struct gb_bytes two = sign((const char *)sign(original, alice, NULL).data, bob, NULL);
    const char *changed = replaced(two, "[os, kernel]", "[os]");
    struct signature_list list = check(gb_bytes_str(changed), officers);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.good, 0);
    assert_int_equal(list.items[0].state, SIGNATURE_BAD);
    /* Alice's is replaced in its place, Bob's is still bad. */
    list = check(sign(changed, alice, NULL), officers);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.good, 1);
    officers_free(officers);
}

static void T17_a_signature_moved_to_another_document_is_none(void **state)
{
    (void)state;
    struct officers *officers = officers_of(alice);
    struct gb_bytes one = sign(original, alice, NULL);
    assert_int_equal(
        check(gb_bytes_str(replaced(one, "name: nodes", "name: nodex")), officers).good, 0);
    assert_int_equal(check(gb_bytes_str(replaced(one, "version: 3", "version: 4")), officers).good,
                     0);
    assert_int_equal(
        check(gb_bytes_str(replaced(one, "kind: NodePolicy", "kind: ReferenceSet")), officers).good,
        0);
    officers_free(officers);
}

static void a_version_is_put_in_and_signed(void **state)
{
    (void)state;
    struct officers *officers = officers_of(alice);
    for (int flow = 0; flow < 2; flow++) {
        struct sign_text read;
        struct gb_buf out;
        uint8_t expected[32];
        gb_buf_init(&out, 1 << 16);
        const char *text =
            flow ? "{kind: K, metadata: {name: n}}" : "kind: K\nmetadata:\n  name: n\nspec: x\n";
        assert_int_equal(sign_read(arena, "d", gb_bytes_str(text), alice, &read, NULL), 0);
        assert_int_equal(read.documents[0].version, 0);
        assert_int_equal(sign_digest(&read, 0, 7, expected, NULL), 0);
        read.documents[0].add_version = 7;
        assert_int_equal(sign_write(&read, alice, &out, NULL), 0);
        struct gb_bytes with = gb_arena_copy(arena, gb_buf_bytes(&out));
        struct signature_list list = check(with, officers);
        assert_int_equal(list.good, 1);
        assert_memory_equal(list.digest, expected, 32);
        assert_int_equal(read.inserted_count, flow ? 0 : 2);
        assert_int_equal(sign_read(arena, "d", with, alice, &read, NULL), 0);
        assert_int_equal(read.documents[0].version, 7);
        gb_buf_done(&out);
    }
    officers_free(officers);
}

/* ---- malformed ---- */

#define HEAD "kind: K\nmetadata:\n  name: n\n  signatures:\n"
#define KEY  "0000000000000000000000000000000000000000000000000000000000000000"
#define VALUE                                                                                      \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

static const struct {
    const char *text;
    const char *says;
} mistakes[] = {
    {HEAD "  - key: 00\n    value: " VALUE "\n",
     "d.yaml:5: field \"key\" must be 64 hex digits: the id of an officer's key"},
    {HEAD "  - key: " KEY "\n    value: AAAA\n",
     "d.yaml:6: field \"value\" must be 64 bytes in base64: a signature"},
    {HEAD "  - key: " KEY "\n", "d.yaml:5: missing field \"value\""},
    {HEAD "  - key: " KEY "\n    vale: x\n",
     "d.yaml:6: unknown field \"vale\" (did you mean \"value\"?)"},
    {HEAD "  - {key: " KEY ", value: " VALUE "}\n  - {key: " KEY ", value: " VALUE "}\n",
     "d.yaml:6: the same key signs twice"},
    {"kind: K\nmetadata: {name: n, signatures: 5}\n",
     "d.yaml:2: field \"signatures\" must be a list"},
    {"kind: K\n", "d.yaml:1: missing field \"metadata\""},
    {"? kind\n: K\nmetadata:\n  ? name\n  : n\n",
     "d.yaml:5: no room for a signature: write each field of metadata on a line of its own, or "
     "metadata in braces"},
    {"- a\n", "d.yaml:1: a document must be a mapping"},
    {"# nothing\n", "d.yaml:1: no document in this file"},
};

static void every_mistake_names_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(mistakes); i++) {
        struct sign_text read;
        struct gb_err err = {0};
        struct gb_buf out;
        gb_buf_init(&out, 1 << 16);
        int r = sign_read(arena, "d.yaml", gb_bytes_str(mistakes[i].text), alice, &read, &err);
        if (r == 0)
            r = sign_write(&read, alice, &out, &err);
        assert_int_equal(r, GB_ERR_CONFIG);
        assert_string_equal(err.text, mistakes[i].says);
        gb_buf_done(&out);
    }
}

static void officers_are_keys_of_p256(void **state)
{
    (void)state;
    struct officers *officers = NULL;
    struct gb_err err = {0};
    const struct policy_file pem = {"o.pem", gb_bytes_str("hello\n")};
    assert_int_equal(officers_read(&pem, 1, &officers, &err), GB_ERR_CONFIG);
    assert_int_equal(strncmp(err.text, "o.pem: ", 7), 0);
    assert_null(officers);
}

/* One key: its point whole, compressed, and with the curve's numbers written out. */
static const char *const forms[] = {
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWD72iB9xRCWdTd1kbswflU9J6ZpC\n"
    "+F+Ugc0xAGTxeVxd8xq+D6AV32xUhCMeIX9oXTt2wpswegmgPWAU+2s6Jg==\n"
    "-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\n"
    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACWD72iB9xRCWdTd1kbswflU9J6ZpC\n"
    "+F+Ugc0xAGTxeVw=\n"
    "-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n"
    "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n"
    "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n"
    "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n"
    "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n"
    "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABFg+9ogfcUQlnU3dZG7MH5VP\n"
    "SemaQvhflIHNMQBk8XlcXfMavg+gFd9sVIQjHiF/aF07dsKbMHoJoD1gFPtrOiY=\n"
    "-----END PUBLIC KEY-----\n",
};

/* Whoever has one key is one officer, and the id is that of the key, however the file says it. */
static void T17_a_key_in_another_form_is_no_second_officer(void **state)
{
    (void)state;
    struct policy_file pems[GB_ARRAY_LEN(forms)];
    struct officers *officers = NULL, *alone = NULL;
    for (size_t i = 0; i < GB_ARRAY_LEN(forms); i++)
        pems[i] = (struct policy_file){"o.pem", gb_bytes_str(forms[i])};
    assert_int_equal(officers_read(pems, 1, &alone, NULL), GB_OK);
    assert_int_equal(officers_read(pems, 2, &officers, NULL), GB_OK);
    assert_int_equal(officers_count(officers), 1);
    officers_free(officers);
    officers = NULL;
    assert_int_equal(officers_read(&pems[1], 1, &officers, NULL), GB_OK);
    assert_memory_equal(officers_id(officers, 0), officers_id(alone, 0), SIGNATURE_KEY_LEN);
    officers_free(officers);
    officers = NULL;
    if (officers_read(pems, GB_ARRAY_LEN(forms), &officers, NULL) == GB_OK) /* or refused */
        assert_int_equal(officers_count(officers), 1);
    officers_free(officers);
    officers_free(alone);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    int r = GB_ERR_NOMEM;
    for (unsigned long nth = 1; r < 0; nth++) {
        struct gb_arena *own = gb_arena_new();
        struct sign_text read;
        struct gb_buf out;
        gb_buf_init(&out, 1 << 16);
        gb_mem_fail_nth(nth);
        r = sign_read(own, "d", gb_bytes_str(original), alice, &read, NULL);
        if (r == 0)
            r = sign_write(&read, alice, &out, NULL);
        gb_mem_fail_nth(0);
        assert_true(r == 0 || r == GB_ERR_NOMEM || r == GB_ERR_LIMIT);
        gb_buf_done(&out);
        gb_arena_free(own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_valid_is_not_signed),
        cmocka_unit_test(layout_changes_nothing_that_is_signed),
        cmocka_unit_test(any_change_is_another_document),
        cmocka_unit_test(the_signed_bytes_are_these),
        cmocka_unit_test(a_signature_goes_into_every_layout_and_changes_nothing_else),
        cmocka_unit_test(the_second_document_has_its_own_signature),
        cmocka_unit_test(two_officers_add_up_and_one_counts_once),
        cmocka_unit_test(a_changed_document_has_a_bad_signature_until_it_is_signed_again),
        cmocka_unit_test(T17_a_signature_moved_to_another_document_is_none),
        cmocka_unit_test(a_version_is_put_in_and_signed),
        cmocka_unit_test(every_mistake_names_file_and_line),
        cmocka_unit_test(officers_are_keys_of_p256),
        cmocka_unit_test(T17_a_key_in_another_form_is_no_second_officer),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
