/* `garboard ledger verify` and `prove` on a state folder with a ledger, minute files and quotes of
 * a software TPM. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../ledger/make_ledger.h"
#include "../test.h"
#include "../verify/make_quote.h"
#include "base/encode.h"
#include "cli/cmd.h"
#include "cli/opt.h"
#include "ledger/entry.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "verify/binding.h"

enum { MINUTE = 1795914120, LEAVES = 3, MOST = 64 << 10 };

#define NODE "0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b"

static struct gb_arena *arena;
static struct digester *digester;
static struct make_key key;
static struct make_ak ak;
static char state_dir[PATH_MAX];
static char vkey[NOTE_VKEY];
static char out[MOST];

static char *path_of(const char *name)
{
    char *path = gb_arena_printf(arena, "%s/%s", state_dir, name);
    assert_non_null(path);
    return path;
}

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &key);
    note_key_write(&key.key, vkey);
    make_ak_init(&ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    make_dir(state_dir);
    assert_int_equal(mkdir(path_of("rounds"), 0755), 0);
    assert_int_equal(mkdir(path_of("rounds/2026-11-29"), 0755), 0);
    return digester_new(&digester, NULL);
}

static int teardown(void **state)
{
    (void)state;
    make_ak_done(&ak);
    make_key_done(&key);
    make_dir_done(state_dir);
    digester_free(digester);
    gb_arena_free(arena);
    return 0;
}

/* --- the state folder --- */

static void put(const char *name, const struct gb_buf *bytes)
{
    assert_true(gb_buf_ok(bytes));
    assert_int_equal(file_write(path_of(name), gb_buf_bytes(bytes), NULL), 0);
}

static void add(struct log *log, enum entry_what what, const char *whom, struct json *data)
{
    struct gb_buf line;
    const struct entry entry = {.at_ms = INT64_C(1795914000000),
                                .what = what,
                                .who = {.text = gb_bytes_str("server")},
                                .whom = {.text = gb_bytes_str(whom)},
                                .data = data};
    gb_buf_init(&line, GB_LIMIT_ENTRY);
    assert_int_equal(entry_write(&entry, &line, NULL), 0);
    assert_int_equal(log_add(log, gb_buf_bytes(&line), NULL), 0);
    gb_buf_done(&line);
    json_free(data);
}

static struct json *enrolment(const struct make_ak *with, const uint8_t transport[32])
{
    struct gb_buf area;
    struct json *data = json_new_object();
    gb_buf_init(&area, GB_LIMIT_PUBLIC);
    make_ak_public(with, MAKE_AK_GOOD, &area);
    json_set(data, "ak_public", json_text(gb_base64(arena, gb_buf_bytes(&area))));
    json_set(data, "transport", json_hex(gb_bytes(transport, 32)));
    gb_buf_done(&area);
    return data;
}

static const uint8_t transport_key[32] = {7, 7, 7};

/* What a node with this AK answers; the leaf that tells of it. */
static void attest(uint8_t number, bool trusted, struct gb_buf *leaves, struct gb_buf *quotes)
{
    struct pcr_values values = {.count = 1, .banks = {{.alg = DIGEST_SHA256, .mask = 1}}};
    struct gb_buf attest;
    struct gb_buf signature;
    uint8_t nonce[32] = {number};
    uint8_t binding[32];
    uint8_t packed[ROUNDS_LEAF];
    struct rounds_leaf leaf = {.verified_at_s = MINUTE + number, .tier = 1, .trusted = trusted};
    struct rounds_quote quote = {.nonce = gb_bytes(nonce, 32), .issued_s = MINUTE + number};
    memset(leaf.node, 0x0b, ROUNDS_NODE);
    memset(quote.node, 0x0b, ROUNDS_NODE);
    memcpy(quote.transport, transport_key, 32);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, gb_bytes(NULL, 0), quote.extras), 0);
    assert_int_equal(
        binding_of(digester, quote.nonce, transport_key, gb_bytes(NULL, 0), binding, NULL), 0);
    gb_buf_init(&attest, GB_LIMIT_PUBLIC);
    gb_buf_init(&signature, GB_LIMIT_PUBLIC);
    make_quote(&values, DIGEST_SHA256, gb_bytes(binding, 32), &attest);
    make_signature(&ak, gb_buf_bytes(&attest), &signature);
    quote.attest = gb_buf_bytes(&attest);
    quote.signature = gb_buf_bytes(&signature);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, quote.attest, leaf.quote), 0);
    rounds_quote_write(&quote, quotes);
    rounds_leaf_write(&leaf, packed);
    gb_buf_add(leaves, packed, sizeof packed);
    gb_buf_done(&attest);
    gb_buf_done(&signature);
}

/* A ledger in which a node enrolled and attested LEAVES times within a minute. */
static void make_state_with(const struct make_ak *enrolled, const uint8_t transport[32])
{
    struct gb_buf leaves;
    struct gb_buf quotes;
    struct log *log = NULL;
    struct rounds_sealed sealed = {.minute_s = MINUTE, .count = LEAVES};
    gb_buf_init(&leaves, 1 << 20);
    gb_buf_init(&quotes, 1 << 20);
    for (uint8_t i = 0; i < LEAVES; i++)
        attest(i, i != 1, &leaves, &quotes);
    assert_int_equal(rounds_root(digester, gb_buf_bytes(&leaves), sealed.root, NULL), 0);
    put("rounds/2026-11-29/0102.leaves", &leaves);
    put("rounds/2026-11-29/0102.quotes", &quotes);
    assert_int_equal(log_open(path_of("ledger"), &log, NULL), 0);
    add(log, ENTRY_SERVER_START, "", NULL);
    add(log, ENTRY_NODE_ENROL, "node/" NODE, enrolment(enrolled, transport));
    add(log, ENTRY_ROUNDS, "", rounds_sealed_write(&sealed, json_new_object()));
    make_grow(log, &key, NULL, 300);
    log_free(log);
    gb_buf_done(&leaves);
    gb_buf_done(&quotes);
}

static void make_state(void)
{
    make_state_with(&ak, transport_key);
}

/* One byte of a file. */
static void flip(const char *name, off_t at)
{
    FILE *f = fopen(path_of(name), "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
    fputc(c ^ 1, f);
    fclose(f);
}

/* --- running --- */

enum { ARGS = 12 };

/* Keeps what it prints in `out`; the exit code. */
static int run(const struct cmd *cmd, const char *const *args)
{
    struct cmd_line line;
    char *argv[ARGS];
    int argc = 0;
    for (; args[argc]; argc++)
        argv[argc] = (char *)(uintptr_t)args[argc];
    assert_int_equal(opt_parse(cmd, argc, argv, &line), OPT_RUN);
    FILE *to = tmpfile();
    int saved = dup(STDOUT_FILENO);
    fflush(stdout);
    assert_true(to && saved >= 0 && dup2(fileno(to), STDOUT_FILENO) >= 0);
    int code = cmd_run(&line);
    fflush(stdout);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    rewind(to);
    out[fread(out, 1, MOST - 1, to)] = 0;
    fclose(to);
    return code;
}

#define RUN(cmd, ...) run(&(cmd), (const char *const[]){__VA_ARGS__, NULL})

static int verify_with(const char *option)
{
    return RUN(cmd_ledger_verify, path_of("ledger"), "--key", vkey, option);
}

static void says(const char *words)
{
    if (!strstr(out, words))
        print_error("%s\n", out);
    assert_non_null(strstr(out, words));
}

static void a_ledger_verifies_with_its_minutes_and_quotes(void **state)
{
    (void)state;
    make_state();
    assert_int_equal(verify_with(NULL), CMD_OK);
    says("entries     300\n");
    says("\nverified");
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    says("1 sealed minutes hold 3 attestations\n");
    assert_int_equal(verify_with("--quotes"), CMD_OK);
    says("quotes      3 proven again\n");
    assert_int_equal(
        RUN(cmd_ledger_verify, path_of("ledger"), "--key", vkey, "--quotes", "--format", "json"),
        CMD_OK);
    says("\"verified\": true");
    says("\"quotes\": 3");
}

static void files_that_are_no_longer_kept_are_counted(void **state)
{
    (void)state;
    make_state();
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0102.quotes")), 0);
    assert_int_equal(verify_with("--quotes"), CMD_OK);
    says("0 proven again; of 1 minutes they are no longer kept");
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0102.leaves")), 0);
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    says("of 1 more the leaves are no longer kept");
}

static void T28_a_changed_attestation_is_found(void **state)
{
    (void)state;
    make_state();
    flip("rounds/2026-11-29/0102.leaves", 2 * ROUNDS_LEAF - 1); /* untrusted becomes trusted */
    assert_int_equal(verify_with(NULL), CMD_OK);
    assert_int_equal(verify_with("--rounds"), CMD_CONTRAINDICATED);
    says("DOES NOT VERIFY: entry 2: minute 2026-11-29T01:02:00Z: the leaves do not give the root");
}

static void T28_an_attestation_taken_away_is_found(void **state)
{
    (void)state;
    make_state();
    assert_int_equal(truncate(path_of("rounds/2026-11-29/0102.leaves"), 2 * ROUNDS_LEAF), 0);
    assert_int_equal(verify_with("--rounds"), CMD_CONTRAINDICATED);
    says("the file has not the number of leaves that was sealed");
}

static void T28_a_changed_quote_is_found(void **state)
{
    (void)state;
    make_state();
    flip("rounds/2026-11-29/0102.quotes", 2 + 1 + 1 + 1 + 16 + 3 + 40); /* within TPMS_ATTEST */
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("a quote that no leaf speaks of");
}

static void T28_a_changed_nonce_is_found(void **state)
{
    (void)state;
    make_state();
    /* The last record ends with extras (35 bytes), transport (35), issued (6), nonce (32). */
    flip("rounds/2026-11-29/0102.quotes", -(35 + 35 + 6 + 10));
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("the quote does not answer its nonce over its transport key");
}

static void T28_a_trusted_node_without_its_quote_is_found(void **state)
{
    (void)state;
    struct stat st;
    make_state();
    assert_int_equal(stat(path_of("rounds/2026-11-29/0102.quotes"), &st), 0);
    struct gb_bytes all;
    assert_int_equal(
        file_read(arena, path_of("rounds/2026-11-29/0102.quotes"), 1 << 20, &all, NULL), 0);
    size_t first = 2 + ((size_t)all.data[0] << 8 | all.data[1]);
    assert_int_equal(truncate(path_of("rounds/2026-11-29/0102.quotes"), (off_t)first), 0);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("a node was trusted without a quote");
    assert_int_equal(truncate(path_of("rounds/2026-11-29/0102.quotes"), (off_t)first - 1), 0);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("its file of quotes is torn");
}

static void T28_a_quote_of_another_key_is_found(void **state)
{
    (void)state;
    struct make_ak other;
    make_ak_init(&other, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    make_state_with(&other, transport_key);
    make_ak_done(&other);
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("the quote is not signed by the AK that the node enrolled with");
}

static void T28_a_quote_over_another_transport_key_is_found(void **state)
{
    (void)state;
    const uint8_t other[32] = {8};
    make_state_with(&ak, other);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("the transport key is not the one that the node enrolled with");
}

/* What `garboard ledger export` writes, and a state folder, hold the ledger beside the minutes. */
static void the_folder_above_will_do(void **state)
{
    (void)state;
    char *proof = path_of("x.tlog-proof");
    make_state();
    assert_int_equal(RUN(cmd_ledger_verify, state_dir, "--key", vkey, "--quotes"), CMD_OK);
    says("quotes      3 proven again\n");
    assert_int_equal(RUN(cmd_ledger_prove, state_dir, "--node", NODE, "--key", vkey, "-o", proof),
                     CMD_OK);
    assert_int_equal(RUN(cmd_ledger_prove, state_dir, "1", "--key", vkey, "-o", proof), CMD_OK);
    assert_int_equal(RUN(cmd_ledger_verify, "--proof", proof, "--key", vkey), CMD_OK);
    says("says        2026-11-29T01:00:00.000Z  server  node.enrol  node/" NODE);
    assert_int_equal(RUN(cmd_ledger_verify, path_of("rounds"), "--key", vkey), CMD_USAGE);
}

static void an_entry_is_proven_alone(void **state)
{
    (void)state;
    char *proof = path_of("x.tlog-proof");
    make_state();
    assert_int_equal(RUN(cmd_ledger_prove, path_of("ledger"), "7", "--key", vkey, "-o", proof),
                     CMD_OK);
    make_dir_done(path_of("ledger")); /* the proof needs nothing but the key */
    assert_int_equal(RUN(cmd_ledger_verify, "--proof", proof, "--key", vkey), CMD_OK);
    says("entry       7 of 300\n");
    says("says        entry 7\n");
    struct gb_buf entry;
    gb_buf_init(&entry, 100);
    gb_buf_puts(&entry, "entry 7");
    put("entry", &entry);
    assert_int_equal(RUN(cmd_ledger_verify, "--proof", proof, "--key", vkey, path_of("entry")),
                     CMD_OK);
    gb_buf_puts(&entry, "1");
    put("entry", &entry);
    gb_buf_done(&entry);
    assert_int_equal(RUN(cmd_ledger_verify, "--proof", proof, "--key", vkey, path_of("entry")),
                     CMD_CONTRAINDICATED);
    says("the entry does not stand at this index of the log");
}

static void an_attestation_is_proven_alone(void **state)
{
    (void)state;
    char *proof = path_of("x.tlog-proof");
    make_state();
    assert_int_equal(RUN(cmd_ledger_prove, path_of("ledger"), "--node", NODE, "--at",
                         "2026-11-29T01:02:01Z", "--key", vkey, "-o", proof),
                     CMD_OK);
    make_dir_done(path_of("ledger"));
    assert_int_equal(RUN(cmd_ledger_verify, "--proof", proof, "--key", vkey), CMD_OK);
    says("attested    2026-11-29T01:02:01Z: untrusted\n");
    says("node        " NODE "\n");
    assert_int_equal(RUN(cmd_ledger_verify, "--proof", proof, "--key", vkey, "--format", "json"),
                     CMD_OK);
    says("\"trusted\": false");
}

static void who_never_attested_has_no_proof(void **state)
{
    (void)state;
    make_state();
    assert_int_equal(RUN(cmd_ledger_prove, path_of("ledger"), "--node", NODE, "--at",
                         "2026-11-29T01:01:00Z", "--key", vkey),
                     CMD_USAGE);
    assert_int_equal(RUN(cmd_ledger_prove, path_of("ledger"), "--node",
                         "0c0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b", "--key", vkey),
                     CMD_USAGE);
    assert_int_equal(RUN(cmd_ledger_prove, path_of("ledger"), "300", "--key", vkey), CMD_USAGE);
}

static void T28_no_proof_is_written_of_a_changed_entry(void **state)
{
    (void)state;
    make_state();
    flip("ledger/tile/entries/001.p/44", -1);
    assert_int_equal(RUN(cmd_ledger_prove, path_of("ledger"), "299", "--key", vkey),
                     CMD_CONTRAINDICATED);
    assert_string_equal(out, "");
}

static void a_key_must_be_named(void **state)
{
    (void)state;
    make_state();
    struct gb_buf keys;
    gb_buf_init(&keys, 4096);
    gb_buf_printf(&keys, "# the ledger\n\n%s\n", vkey);
    put("keys", &keys);
    assert_int_equal(RUN(cmd_ledger_verify, path_of("ledger"), "--key", path_of("keys")), CMD_OK);
    gb_buf_puts(&keys, "nonsense\n");
    put("keys", &keys);
    gb_buf_done(&keys);
    assert_int_equal(RUN(cmd_ledger_verify, path_of("ledger"), "--key", path_of("keys")),
                     CMD_USAGE);
    assert_int_equal(RUN(cmd_ledger_verify, path_of("ledger")), CMD_USAGE);
    assert_int_equal(RUN(cmd_ledger_verify, path_of("none"), "--key", vkey), CMD_USAGE);
    assert_int_equal(RUN(cmd_ledger_verify, path_of("ledger"), "--key", vkey, "--quorum", "1"),
                     CMD_USAGE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_ledger_verifies_with_its_minutes_and_quotes),
        T(files_that_are_no_longer_kept_are_counted),
        T(T28_a_changed_attestation_is_found),
        T(T28_an_attestation_taken_away_is_found),
        T(T28_a_changed_quote_is_found),
        T(T28_a_changed_nonce_is_found),
        T(T28_a_trusted_node_without_its_quote_is_found),
        T(T28_a_quote_of_another_key_is_found),
        T(T28_a_quote_over_another_transport_key_is_found),
        T(an_entry_is_proven_alone),
        T(an_attestation_is_proven_alone),
        T(the_folder_above_will_do),
        T(who_never_attested_has_no_proof),
        T(T28_no_proof_is_written_of_a_changed_entry),
        T(a_key_must_be_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
