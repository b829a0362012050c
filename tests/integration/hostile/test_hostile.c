/*
 * What a hostile node can try against a running service, with real TPMs: each attempt is refused or
 * found out, and a good node beside it stays trusted. usage: test_hostile, with HOSTILE_ENROLL,
 * HOSTILE_API, HOSTILE_CA, HOSTILE_TOKEN (a shell command that prints a new join token; its words
 * go behind it) and HOSTILE_FILES (likewise: how many files of kept evidence there are) in the
 * environment.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../unit/test.h"
#include "crypto/issue.h"
#include "crypto/rand.h"
#include "crypto/signer.h"
#include "node.h"
#include "os/file.h"

static struct service service;
static struct gb_arena *arena;

/* The first line of what a command of the operator's prints. */
static char *operator(const char *program, const char *options)
{
    char command[2048];
    static char line[512];
    snprintf(command, sizeof command, "%s %s", getenv(program), options);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_int_equal(pclose(pipe), 0);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static char *token(const char *options)
{
    return operator("HOSTILE_TOKEN", options);
}

static void expect(struct answer answer, int status, const char *code)
{
    if (answer.status != status || (code && strcmp(answer.code, code) != 0))
        fail_msg("expected %d %s, got %d \"%s\" (%s)", status, code ? code : "", answer.status,
                 answer.code, answer.verdict);
}

static void expect_verdict(struct answer answer, const char *verdict)
{
    if (answer.status != 200 || strcmp(answer.verdict, verdict) != 0)
        fail_msg("expected 200 %s, got %d %s %s", verdict, answer.status, answer.code,
                 answer.verdict);
}

/* Neither taken for good, nor an error that passes. */
static void expect_found_out(struct answer answer)
{
    bool refused = answer.status >= 400 && answer.status < 500;
    bool untrusted = answer.status == 200 && strcmp(answer.verdict, "untrusted") == 0;
    if (!refused && !untrusted)
        fail_msg("accepted: %d %s %s", answer.status, answer.code, answer.verdict);
}

static const struct round plainly = {0};

static void good_round(struct node *node)
{
    expect(node_ask(node), 200, NULL);
    expect_verdict(node_post(node, node_evidence(node, &plainly)), "trusted");
}

/* Two nodes that are enrolled, shared by the tests of rounds. */
static struct node alice;
static struct node mallory;

static void test_good_nodes(void **state)
{
    (void)state;
    good_round(&alice);
    good_round(&mallory);
}

static void T01_replayed_quote(void **state)
{
    (void)state;
    expect(node_ask(&alice), 200, NULL);
    struct gb_bytes evidence = node_evidence(&alice, &plainly);
    expect_verdict(node_post(&alice, evidence), "trusted");
    expect_found_out(node_post(&alice, evidence)); /* answers the nonce before */
    good_round(&alice);
}

static void T01_nonce_once(void **state)
{
    (void)state;
    expect(node_ask(&alice), 200, NULL);
    struct gb_bytes first = alice.nonce;
    expect(node_ask(&alice), 200, NULL); /* the first is void */
    assert_false(gb_bytes_equal(first, alice.nonce));
    expect_found_out(node_post(&alice, node_evidence(&alice, &(struct round){.nonce = first})));
    good_round(&alice);
}

static void T01_constant_nonces(void **state)
{
    static const uint8_t zeros[32];
    (void)state;
    expect(node_ask(&alice), 200, NULL);
    expect_found_out(
        node_post(&alice, node_evidence(&alice, &(struct round){.nonce = gb_bytes(zeros, 32)})));
    expect(node_ask(&alice), 200, NULL);
    expect_found_out(
        node_post(&alice, node_evidence(&alice, &(struct round){.nonce = gb_bytes(zeros, 1)})));
    good_round(&alice);
}

static const char verified[] = "node show alice --format json | grep verified_at";

/* It makes the node untrusted; when it was verified stays. */
static void T01_what_is_not_proven_verifies_nothing(void **state)
{
    static const uint8_t zeros[32];
    (void)state;
    char before[512];
    good_round(&alice);
    snprintf(before, sizeof before, "%s", operator("HOSTILE_GARBOARD", verified));
    sleep(2); /* times are in seconds */
    expect(node_ask(&alice), 200, NULL);
    expect_verdict(
        node_post(&alice, node_evidence(&alice, &(struct round){.nonce = gb_bytes(zeros, 32)})),
        "untrusted");
    assert_string_equal(operator("HOSTILE_GARBOARD", verified), before);
    good_round(&alice);
    assert_string_not_equal(operator("HOSTILE_GARBOARD", verified), before);
}

/* One entry that is large and packs badly. */
static struct gb_bytes large_list(void)
{
    enum { LARGE = 200000, NAME = 3, HEAD = 4 + 20 + 4 + NAME + 4 + 4 };
    uint8_t *list = gb_arena_alloc(arena, HEAD + LARGE, 1);
    assert_non_null(list);
    const uint32_t data = LARGE + 4, buf = LARGE;
    list[0] = 10;
    list[4] = 1; /* a template digest that is none */
    list[24] = NAME;
    memcpy(list + 28, "buf", NAME);
    for (int i = 0; i < 4; i++) {
        list[28 + NAME + i] = (uint8_t)(data >> 8 * i);
        list[32 + NAME + i] = (uint8_t)(buf >> 8 * i);
    }
    assert_int_equal(rand_bytes(list + HEAD, LARGE, NULL), GB_OK);
    return gb_bytes(list, HEAD + LARGE);
}

/* Who has a node's certificate and not its AK turns it untrusted, as often as it likes; what it
 * sends beside the quote is not kept. */
static void T29_what_is_not_proven_fills_nothing(void **state)
{
    static const uint8_t zeros[32];
    (void)state;
    for (int i = 0; i < 3; i++) {
        const struct round bad = {.nonce = gb_bytes(zeros, 32), .ima = large_list()};
        expect(node_ask(&alice), 200, NULL);
        expect_verdict(node_post(&alice, node_evidence(&alice, &bad)), "untrusted");
        good_round(&alice);
    }
    assert_string_equal(operator("HOSTILE_FILES", ""), "0");
    /* and with its AK it is: the list is what was refused */
    const struct round proven = {.ima = large_list()};
    expect(node_ask(&alice), 200, NULL);
    expect_verdict(node_post(&alice, node_evidence(&alice, &proven)), "untrusted");
    assert_string_equal(operator("HOSTILE_FILES", ""), "1");
    good_round(&alice);
}

static void of_keyd_a_node_holds_one_nonce(void **state)
{
    (void)state;
    expect(node_call(&alice, "POST", "/v1/nonce"), 200, NULL);
    struct gb_bytes first = alice.nonce;
    assert_int_equal(first.len, 32);
    expect(node_call(&mallory, "POST", "/v1/nonce"), 200, NULL);
    assert_false(gb_bytes_equal(first, mallory.nonce));
    for (int i = 0; i < 20; i++) {
        expect(node_call(&alice, "POST", "/v1/nonce"), 200, NULL);
        assert_true(gb_bytes_equal(first, alice.nonce));
    }
}

static void T02_nonce_of_another_node(void **state)
{
    (void)state;
    expect(node_ask(&alice), 200, NULL);
    expect(node_ask(&mallory), 200, NULL);
    expect_found_out(
        node_post(&mallory, node_evidence(&mallory, &(struct round){.nonce = alice.nonce})));
    good_round(&alice);
    good_round(&mallory);
}

static void T03_relayed_quote(void **state)
{
    (void)state;
    expect(node_ask(&mallory), 200, NULL); /* alice's TPM answers for mallory */
    expect_found_out(
        node_post(&mallory, node_evidence(&mallory, &(struct round){.quote_of = &alice})));
    expect(node_ask(&mallory), 200, NULL); /* even when it binds to mallory's key */
    expect_found_out(node_post(
        &mallory, node_evidence(&mallory, &(struct round){.quote_of = &alice,
                                                          .fingerprint = mallory.fingerprint})));
    expect(node_ask(&mallory), 200, NULL); /* her own TPM, bound to another key */
    expect_found_out(node_post(
        &mallory, node_evidence(&mallory, &(struct round){.fingerprint = alice.fingerprint})));
    good_round(&mallory);
}

static void T03_items_that_nothing_covers(void **state)
{
    (void)state;
    expect(node_ask(&alice), 200, NULL);
    struct gb_bytes lie = gb_bytes_str("\xa1\x61x\x61y");
    expect_found_out(node_post(&alice, node_evidence(&alice, &(struct round){.sent_extras = lie})));
    good_round(&alice);
}

static void T20_bytes_that_are_no_evidence(void **state)
{
    static const char *const bodies[] = {"",
                                         "\xa0",
                                         "\xa1\x01\x01",
                                         "{}",
                                         "\xff\xff\xff\xff",
                                         "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        expect(node_ask(&alice), 200, NULL);
        struct answer answer = node_post(&alice, gb_bytes_str(bodies[i]));
        assert_in_range(answer.status, 400, 499);
    }
    expect(node_ask(&alice), 200, NULL);
    struct gb_bytes evidence = node_evidence(&alice, &plainly);
    for (size_t len = 0; len < evidence.len; len += 97) {
        expect(node_ask(&alice), 200, NULL);
        struct answer answer = node_post(&alice, gb_bytes(evidence.data, len));
        assert_in_range(answer.status, 400, 499);
    }
    good_round(&alice);
}

/* ---- enrolment ---- */

static struct node newcomer;

static void make(struct node *node, const char *tpm)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", getenv("HOSTILE_TPMS"), tpm);
    node_make(node, &service, path);
}

static int setup_newcomer(void **state)
{
    (void)state;
    make(&newcomer, "c");
    return 0;
}

static int setup_bob(void **state)
{
    (void)state;
    make(&newcomer, "d");
    return 0;
}

static int teardown_newcomer(void **state)
{
    (void)state;
    node_done(&newcomer);
    return 0;
}

static void T21_tokens(void **state)
{
    (void)state;
    char once[512];
    char wrong[512];
    snprintf(once, sizeof once, "%s", token("--name bob"));
    snprintf(wrong, sizeof wrong, "%s", once);
    char *secret = strchr(strchr(wrong, '.') + 1, '.') + 1;
    *secret = *secret == 'A' ? 'B' : 'A';
    expect(node_begin(&newcomer, wrong, "bob"), 403, NULL);
    expect(node_begin(&newcomer, "gbj1.x.y.z", "bob"), 403, NULL);
    expect(node_begin(&newcomer, once, "somebody-else"), 403, NULL);
    node_enrol(&newcomer, once, "bob");
    good_round(&newcomer);
    expect(node_begin(&newcomer, once, "bob"), 403, NULL); /* used */
}

static void T21_expired_token(void **state)
{
    (void)state;
    char soon[512];
    snprintf(soon, sizeof soon, "%s", token("--name late --expires 1s"));
    sleep(3);
    expect(node_begin(&newcomer, soon, "late"), 403, NULL);
}

/* Two with one use: it is the first one's until that one's challenge ends. */
static void T21_token_wanted_by_two(void **state)
{
    (void)state;
    char once[512];
    snprintf(once, sizeof once, "%s", token("--uses 1"));
    expect(node_begin(&newcomer, once, "first"), 200, NULL);
    expect(node_begin(&mallory, once, "second"), 409, "token-reserved");
    struct answer wrong = node_finish(&newcomer, &(struct finish){.wrong_proof = true});
    assert_in_range(wrong.status, 400, 499);
    expect(node_begin(&mallory, once, "second"), 200, NULL);
    expect(node_begin(&newcomer, once, "first"), 409, "token-reserved");
}

static void T21_a_pool_is_its_names(void **state)
{
    (void)state;
    char pool[512];
    snprintf(pool, sizeof pool, "%s", token("--pool 'pool-*'"));
    expect(node_begin(&newcomer, pool, "bob"), 403, "token-name");
    expect(node_begin(&newcomer, pool, "poo"), 403, "token-name");
    expect(node_begin(&newcomer, pool, "01234567-89ab-7000-8000-000000000000"), 400, "malformed");
    expect(node_begin(&newcomer, pool, "pool-1"), 200, NULL);
}

static void an_approval_is_for_a_name_and_a_while(void **state)
{
    (void)state;
    expect(node_begin(&newcomer, NULL, "grace"), 202, NULL);
    operator("HOSTILE_GARBOARD", "node approve grace --expires 6s");
    expect(node_begin(&newcomer, NULL, "another"), 403, "ek-name");
    expect(node_begin(&newcomer, NULL, "grace"), 200, NULL);
    sleep(7);
    expect(node_begin(&newcomer, NULL, "grace"), 202, NULL);
}

/* Who did not hear the answer asks again, in the same words; nobody else hears it. */
static void T04_an_answer_is_for_its_request(void **state)
{
    (void)state;
    node_enrol(&newcomer, token("--name heidi"), "heidi");
    expect(node_finish(&newcomer, &(struct finish){0}), 404, "challenge-unknown");
    expect(node_finish(&newcomer, &(struct finish){.wrong_proof = true}), 404, "challenge-unknown");
}

/* Brings a PEM key into the newcomer's TPM, to a persistent handle. */
static struct tpm_key import_key(const char *path)
{
    char command[1024];
    const char *folder = newcomer.swtpm.folder;
    struct gb_err err;
    struct tpm_key key = {.handle = 0x81010020};
    tpm_close(newcomer.tpm); /* one at a time */
    snprintf(command, sizeof command,
             "sh -c 'cd %s && tpm2_createprimary -Q -C o -c p.ctx && "
             "tpm2_import -Q -C p.ctx -G ecc -i %s -u i.pub -r i.priv && tpm2_flushcontext -t && "
             "tpm2_load -Q -C p.ctx -u i.pub -r i.priv -c i.ctx && tpm2_flushcontext -t && "
             "tpm2_evictcontrol -Q -C o -c i.ctx 0x81010020'",
             folder, path);
    swtpm_tool(&newcomer.swtpm, command);
    assert_int_equal(tpm_open(&(struct tpm_conf){.tcti = newcomer.swtpm.tcti}, &newcomer.tpm, &err),
                     GB_OK);
    snprintf(command, sizeof command, "%s/i.pub", folder);
    assert_int_equal(file_read(arena, command, 4096, &key.public_area, &err), GB_OK);
    return key;
}

/* T04, T20: the first failure ends the challenge, and a right answer afterwards comes too late. */
static void T04_one_try(void **state)
{
    (void)state;
    char once[512];
    snprintf(once, sizeof once, "%s", token("--name carol"));
    expect(node_begin(&newcomer, once, "carol"), 200, NULL);
    struct answer wrong = node_finish(&newcomer, &(struct finish){.wrong_proof = true});
    assert_in_range(wrong.status, 400, 499);
    struct answer late = node_finish(&newcomer, &(struct finish){0});
    assert_in_range(late.status, 400, 499);
}

static void T03_quote_of_another_tpm(void **state)
{
    (void)state;
    char once[512];
    snprintf(once, sizeof once, "%s", token("--name dave"));
    expect(node_begin(&newcomer, once, "dave"), 200, NULL);
    struct answer answer = node_finish(&newcomer, &(struct finish){.quote_of = &alice});
    assert_in_range(answer.status, 400, 499);
}

static void T03_certification_of_something_else(void **state)
{
    static const uint8_t stale[32] = {1};
    (void)state;
    char once[512];
    snprintf(once, sizeof once, "%s", token("--name erin --uses 4"));
    expect(node_begin(&newcomer, once, "erin"), 200, NULL);
    struct answer answer = node_finish(&newcomer, &(struct finish){.certify = &newcomer.ak});
    assert_in_range(answer.status, 400, 499);
    expect(node_begin(&newcomer, once, "erin"), 200, NULL);
    answer = node_finish(&newcomer, &(struct finish){.certify_qualifying = gb_bytes(stale, 32)});
    assert_in_range(answer.status, 400, 499);
    expect(node_begin(&newcomer, once, "erin"), 200, NULL);
    answer =
        node_finish(&newcomer, &(struct finish){.transport_public = alice.transport.public_area});
    assert_in_range(answer.status, 400, 499);
}

/* A key made outside and imported: the AK certifies it without a word, its attributes tell. */
static void T03_imported_transport_key(void **state)
{
    (void)state;
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    struct gb_err err;
    struct gb_buf pem;
    struct gb_buf csr;
    struct finish how = {0};
    uint8_t x[32];
    uint8_t y[32];
    uint8_t fingerprint[32];
    char path[128];
    gb_buf_init(&pem, 4096);
    gb_buf_init(&csr, 4096);
    snprintf(path, sizeof path, "%s/imported.pem", newcomer.swtpm.folder);
    assert_int_equal(signer_new(&signer, &err), GB_OK);
    assert_int_equal(signer_to_pem(signer, gb_bytes(NULL, 0), &pem, &err), GB_OK);
    assert_int_equal(file_write(path, gb_buf_bytes(&pem), &err), GB_OK);
    assert_int_equal(signer_public(signer, x, y, fingerprint, &err), GB_OK);
    assert_int_equal(issue_request(signer, "imported", &csr, &err), GB_OK);
    struct tpm_key imported = import_key(path);
    char once[512];
    snprintf(once, sizeof once, "%s", token("--name frank"));
    expect(node_begin(&newcomer, once, "frank"), 200, NULL);
    how.csr = gb_buf_bytes(&csr);
    how.fingerprint = fingerprint;
    how.certify = &imported;
    how.transport_public = imported.public_area;
    struct answer answer = node_finish(&newcomer, &how);
    assert_in_range(answer.status, 400, 499);
    gb_buf_done(&pem);
    gb_buf_done(&csr);
}

static void T18_name_of_another_tpm(void **state)
{
    (void)state;
    struct answer answer = node_begin(&newcomer, token("--name alice"), "alice");
    if (answer.status == 200)
        answer = node_finish(&newcomer, &(struct finish){0});
    assert_in_range(answer.status, 400, 499);
    good_round(&alice);
}

/* A TPM is one node for good: with a token for another name it is renamed, never a second node. */
static void T18_one_tpm_is_one_node(void **state)
{
    (void)state;
    char before[sizeof mallory.id];
    snprintf(before, sizeof before, "%s", mallory.id);
    node_enrol(&mallory, token("--name mallory-2"), "mallory-2");
    assert_string_equal(mallory.id, before);
    good_round(&mallory);
}

/* ---- a nonce that is answered long after it was issued (docs/adr/0007) ---- */

enum { HELD_S = 32 }; /* a nonce up to 30 s old is answered without a question */

static struct node early;   /* has quoted at once */
static struct node patient; /* quotes when it sends */
static struct gb_bytes early_evidence;
static time_t nonces_issued;

/* In front of all other tests, so that these pass the time. */
static void quote_early(void)
{
    make(&early, "e");
    make(&patient, "f");
    node_enrol(&early, token("--name early"), "early");
    node_enrol(&patient, token("--name patient"), "patient");
    good_round(&early);
    good_round(&patient);
    early_evidence = node_evidence(&early, &plainly);
    nonces_issued = time(NULL);
}

static void T12_quote_made_early(void **state)
{
    (void)state;
    while (time(NULL) - nonces_issued < HELD_S)
        sleep(1);
    expect(node_post(&early, early_evidence), 409, "evidence-discontinuous");
    expect_verdict(node_post(&early, node_evidence(&early, &plainly)), "trusted");
    expect_verdict(node_post(&patient, node_evidence(&patient, &plainly)), "trusted");
}

static int setup(void **state)
{
    (void)state;
    struct gb_err err;
    arena = gb_arena_new();
    service =
        (struct service){.enroll_url = getenv("HOSTILE_ENROLL"), .api_url = getenv("HOSTILE_API")};
    if (file_read(arena, getenv("HOSTILE_CA"), 1 << 16, &service.ca_pem, &err) < 0)
        return -1;
    make(&alice, "a");
    make(&mallory, "b");
    node_enrol(&alice, token("--name alice"), "alice");
    node_enrol(&mallory, token("--name mallory"), "mallory");
    quote_early();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    node_done(&alice);
    node_done(&mallory);
    node_done(&early);
    node_done(&patient);
    gb_arena_free(arena);
    return 0;
}

#define newcomer_test(name) cmocka_unit_test_setup_teardown(name, setup_newcomer, teardown_newcomer)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_nodes),
        cmocka_unit_test(T01_replayed_quote),
        cmocka_unit_test(T01_nonce_once),
        cmocka_unit_test(T01_constant_nonces),
        cmocka_unit_test(T01_what_is_not_proven_verifies_nothing),
        cmocka_unit_test(T29_what_is_not_proven_fills_nothing),
        cmocka_unit_test(of_keyd_a_node_holds_one_nonce),
        cmocka_unit_test(T02_nonce_of_another_node),
        cmocka_unit_test(T03_relayed_quote),
        cmocka_unit_test(T03_items_that_nothing_covers),
        cmocka_unit_test(T20_bytes_that_are_no_evidence),
        cmocka_unit_test_setup_teardown(T21_tokens, setup_bob, teardown_newcomer),
        newcomer_test(T21_expired_token),
        newcomer_test(T21_token_wanted_by_two),
        newcomer_test(T21_a_pool_is_its_names),
        newcomer_test(an_approval_is_for_a_name_and_a_while),
        newcomer_test(T04_one_try),
        newcomer_test(T03_quote_of_another_tpm),
        newcomer_test(T03_certification_of_something_else),
        newcomer_test(T03_imported_transport_key),
        newcomer_test(T18_name_of_another_tpm),
        newcomer_test(T04_an_answer_is_for_its_request),
        cmocka_unit_test(T18_one_tpm_is_one_node),
        cmocka_unit_test(T12_quote_made_early),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
