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

enum { AT = 1795914000 };

static void add_at(struct log *log, int64_t at_s, enum entry_what what, const char *whom,
                   struct json *data)
{
    struct gb_buf line;
    const struct entry entry = {.at_ms = at_s * 1000,
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

static void add(struct log *log, enum entry_what what, const char *whom, struct json *data)
{
    add_at(log, AT, what, whom, data);
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

/* What a node answers. */
struct answer {
    int64_t at_s; /* when its nonce was issued */
    uint8_t nonce;
    bool trusted;
    uint64_t clock_ms; /* of its TPM; 0: as usual */
    const struct make_ak *by;
};

/* The leaf that tells of it, and the quote. */
static void answer(const struct answer *is, struct gb_buf *leaves, struct gb_buf *quotes)
{
    struct make_clock clock = make_clock_usual;
    struct pcr_values values = {.count = 1, .banks = {{.alg = DIGEST_SHA256, .mask = 1}}};
    struct gb_buf attest;
    struct gb_buf signature;
    uint8_t nonce[32] = {is->nonce};
    uint8_t binding[32];
    uint8_t packed[ROUNDS_LEAF];
    struct rounds_leaf leaf = {
        .verified_at_s = (uint64_t)is->at_s, .tier = 1, .trusted = is->trusted};
    struct rounds_quote quote = {.nonce = gb_bytes(nonce, 32), .issued_s = (uint64_t)is->at_s};
    clock.clock_ms += is->clock_ms;
    memset(leaf.node, 0x0b, ROUNDS_NODE);
    memset(quote.node, 0x0b, ROUNDS_NODE);
    memcpy(quote.transport, transport_key, 32);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, gb_bytes(NULL, 0), quote.extras), 0);
    assert_int_equal(
        binding_of(digester, quote.nonce, transport_key, gb_bytes(NULL, 0), binding, NULL), 0);
    gb_buf_init(&attest, GB_LIMIT_PUBLIC);
    gb_buf_init(&signature, GB_LIMIT_PUBLIC);
    make_quote_at(&values, DIGEST_SHA256, gb_bytes(binding, 32), &clock, &attest);
    make_signature(is->by ? is->by : &ak, gb_buf_bytes(&attest), &signature);
    quote.attest = gb_buf_bytes(&attest);
    quote.signature = gb_buf_bytes(&signature);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, quote.attest, leaf.quote), 0);
    rounds_quote_write(&quote, quotes);
    rounds_leaf_write(&leaf, packed);
    gb_buf_add(leaves, packed, sizeof packed);
    gb_buf_done(&attest);
    gb_buf_done(&signature);
}

static void attest(uint8_t number, bool trusted, struct gb_buf *leaves, struct gb_buf *quotes)
{
    const struct answer is = {.at_s = MINUTE + number, .nonce = number, .trusted = trusted};
    answer(&is, leaves, quotes);
}

/* A sealed minute of these answers; its entry. */
static void add_minute(struct log *log, int64_t minute_s, const struct answer *answers,
                       size_t count)
{
    char name[ROUNDS_PATH];
    struct gb_buf leaves;
    struct gb_buf quotes;
    struct rounds_sealed sealed = {.minute_s = minute_s, .count = count};
    gb_buf_init(&leaves, 1 << 20);
    gb_buf_init(&quotes, 1 << 20);
    for (size_t i = 0; i < count; i++)
        answer(&answers[i], &leaves, &quotes);
    assert_int_equal(rounds_root(digester, gb_buf_bytes(&leaves), sealed.root, NULL), 0);
    rounds_path(minute_s, name);
    put(gb_arena_printf(arena, "rounds/%s.leaves", name), &leaves);
    put(gb_arena_printf(arena, "rounds/%s.quotes", name), &quotes);
    add(log, ENTRY_ROUNDS, "", rounds_sealed_write(&sealed, json_new_object()));
    gb_buf_done(&leaves);
    gb_buf_done(&quotes);
}

static struct log *begin_log(void)
{
    struct log *log = NULL;
    assert_int_equal(log_open(path_of("ledger"), &log, NULL), 0);
    add(log, ENTRY_NODE_ENROL, "node/" NODE, enrolment(&ak, transport_key));
    return log;
}

static void end_log(struct log *log)
{
    make_grow(log, &key, NULL, log_size(log));
    log_free(log);
}

/* Two minutes; the second has this answer. */
static void make_minutes(const struct answer *first, int64_t second_s, const struct answer *second)
{
    struct log *log = begin_log();
    add_minute(log, MINUTE, first, 1);
    add_minute(log, second_s, second, 1);
    end_log(log);
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
    while (log_size(log) < 300)
        add(log, ENTRY_SERVER_START, "", NULL);
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
    says("1 sealed minutes hold 3 attestations, ");
    assert_int_equal(verify_with("--quotes"), CMD_OK);
    says("quotes      3 proven again, ");
    assert_int_equal(
        RUN(cmd_ledger_verify, path_of("ledger"), "--key", vkey, "--quotes", "--format", "json"),
        CMD_OK);
    says("\"verified\": true");
    says("\"quotes\": 3");
}

/* Retention takes the oldest first. */
static void files_that_are_no_longer_kept_are_counted(void **state)
{
    (void)state;
    const struct answer first = {.at_s = MINUTE, .nonce = 1, .trusted = true};
    const struct answer second = {.at_s = MINUTE + 60, .nonce = 2, .trusted = true};
    make_minutes(&first, MINUTE + 60, &second);
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0102.quotes")), 0);
    assert_int_equal(verify_with("--quotes"), CMD_OK);
    says("2 sealed minutes hold 2 attestations, 2026-11-29T01:02:00Z to 2026-11-29T01:03:00Z\n");
    says("1 proven again, 2026-11-29T01:03:00Z to 2026-11-29T01:03:00Z; of 1 older minutes they "
         "are no longer kept");
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0102.leaves")), 0);
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    says("of 1 older ones the leaves are no longer kept");
}

static void T28_a_gap_in_the_minute_files_is_found(void **state)
{
    (void)state;
    const struct answer first = {.at_s = MINUTE, .nonce = 1, .trusted = true};
    const struct answer second = {.at_s = MINUTE + 60, .nonce = 2, .trusted = true};
    make_minutes(&first, MINUTE + 60, &second);
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0103.quotes")), 0);
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("entry 2: minute 2026-11-29T01:03:00Z: its quotes are gone though older ones are kept");
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0103.leaves")), 0);
    assert_int_equal(verify_with("--rounds"), CMD_CONTRAINDICATED);
    says("entry 2: minute 2026-11-29T01:03:00Z: its leaves are gone though older ones are kept");
}

static void T28_nothing_to_check_does_not_verify(void **state)
{
    (void)state;
    make_state();
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0102.quotes")), 0);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("no quotes are kept, up to this one: none was proven");
    assert_int_equal(unlink(path_of("rounds/2026-11-29/0102.leaves")), 0);
    assert_int_equal(
        RUN(cmd_ledger_verify, path_of("ledger"), "--key", vkey, "--rounds", "--format", "json"),
        CMD_CONTRAINDICATED);
    says("\"verified\": false");
    says("no leaves are kept, up to this one: nothing was checked");
    make_dir_done(path_of("rounds"));
    assert_int_equal(verify_with("--rounds"), CMD_USAGE);
}

static void T28_a_quote_that_comes_again_is_found(void **state)
{
    (void)state;
    /* ECDSA signs anew each time: the quote is what comes twice, not its signature. */
    const struct answer first = {.at_s = MINUTE, .nonce = 1, .trusted = true};
    const struct answer again = {.at_s = MINUTE + 60, .nonce = 1, .trusted = true};
    make_minutes(&first, MINUTE + 60, &again);
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("entry 2: minute 2026-11-29T01:03:00Z: node 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b: a quote "
         "that came before");
}

static void T28_a_nonce_that_comes_again_is_found(void **state)
{
    (void)state;
    const struct answer first = {.at_s = MINUTE, .nonce = 1, .trusted = true};
    const struct answer again = {
        .at_s = MINUTE + 60, .nonce = 1, .trusted = true, .clock_ms = 60000};
    make_minutes(&first, MINUTE + 60, &again);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("a quote over a nonce that was answered before");
}

static void T28_a_tpm_clock_that_goes_back_is_found(void **state)
{
    (void)state;
    const struct answer first = {.at_s = MINUTE, .nonce = 1, .trusted = true, .clock_ms = 5};
    struct answer second = {.at_s = MINUTE + 60, .nonce = 2, .trusted = true};
    make_minutes(&first, MINUTE + 60, &second);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("a quote whose TPM clock or reset count goes back");
    make_dir_done(path_of("ledger"));
    second.trusted = false; /* as garboardd judges it */
    make_minutes(&first, MINUTE + 60, &second);
    assert_int_equal(verify_with("--quotes"), CMD_OK);
}

static void T28_a_minute_that_does_not_follow_is_found(void **state)
{
    (void)state;
    const struct answer first = {.at_s = MINUTE, .nonce = 1, .trusted = true};
    const struct answer second = {.at_s = MINUTE, .nonce = 2, .trusted = true};
    make_minutes(&first, MINUTE - 60, &second);
    assert_int_equal(verify_with("--rounds"), CMD_CONTRAINDICATED);
    says("entry 2: minute 2026-11-29T01:01:00Z: it does not follow the minute that was sealed");
    make_dir_done(path_of("ledger"));
    make_minutes(&second, MINUTE, &second);
    assert_int_equal(verify_with("--rounds"), CMD_CONTRAINDICATED);
    says("entry 2: minute 2026-11-29T01:02:00Z: it does not follow");
}

static void T28_an_attestation_far_from_its_minute_is_found(void **state)
{
    (void)state;
    const struct answer first = {.at_s = MINUTE - 31 * 86400, .nonce = 1};
    const struct answer late = {.at_s = MINUTE + 60 + 60 + 301, .nonce = 2};
    const struct answer early = {.at_s = MINUTE + 60 - 31 * 86400 - 1, .nonce = 2};
    const struct answer just = {.at_s = MINUTE + 60 + 60 + 300, .nonce = 2};
    make_minutes(&first, MINUTE + 60, &just);
    assert_int_equal(verify_with("--rounds"), CMD_OK);
    make_dir_done(path_of("ledger"));
    make_minutes(&first, MINUTE + 60, &late);
    assert_int_equal(verify_with("--rounds"), CMD_CONTRAINDICATED);
    says("entry 2: minute 2026-11-29T01:03:00Z: node 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b: the time "
         "of its attestation is far from the minute");
    make_dir_done(path_of("ledger"));
    make_minutes(&first, MINUTE + 60, &early);
    assert_int_equal(verify_with("--rounds"), CMD_CONTRAINDICATED);
    says("the time of its attestation is far from the minute");
}

static void T28_a_quote_from_before_the_enrolment_is_found(void **state)
{
    (void)state;
    const struct answer is = {.at_s = AT - 301, .nonce = 1, .trusted = true};
    struct log *log = begin_log();
    add_minute(log, MINUTE, &is, 1);
    end_log(log);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("a quote from before the node enrolled");
}

static void T28_a_quote_of_a_removed_node_is_found(void **state)
{
    (void)state;
    const struct answer first = {.at_s = MINUTE, .nonce = 1, .trusted = true};
    const struct answer second = {.at_s = MINUTE + 600, .nonce = 2, .trusted = true};
    for (int again = 0; again < 2; again++) {
        struct log *log = begin_log();
        add_minute(log, MINUTE, &first, 1);
        add_at(log, MINUTE + 60, ENTRY_NODE_REMOVE, "node/" NODE, NULL);
        if (again)
            add_at(log, MINUTE + 120, ENTRY_NODE_ENROL, "node/" NODE,
                   enrolment(&ak, transport_key));
        add_minute(log, MINUTE + 600, &second, 1);
        end_log(log);
        assert_int_equal(verify_with("--quotes"), again ? CMD_OK : CMD_CONTRAINDICATED);
        if (!again)
            says("a quote from after the node was removed");
        make_dir_done(path_of("ledger"));
    }
}

static void T28_a_quote_of_a_node_that_never_enrolled_is_found(void **state)
{
    (void)state;
    const struct answer is = {.at_s = MINUTE, .nonce = 1, .trusted = true};
    struct log *log = NULL;
    assert_int_equal(log_open(path_of("ledger"), &log, NULL), 0);
    add_minute(log, MINUTE, &is, 1);
    end_log(log);
    assert_int_equal(verify_with("--quotes"), CMD_CONTRAINDICATED);
    says("a quote of a node that never enrolled");
}

/* Who enrolled again with another key: the old one holds for the minute in which that was, for no
 * later one. */
static void T28_the_keys_before_hold_no_longer_than_their_minute(void **state)
{
    (void)state;
    const struct answer is = {.at_s = MINUTE + 1, .nonce = 1, .trusted = true};
    struct make_ak other;
    make_ak_init(&other, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    for (int late = 0; late < 2; late++) {
        struct log *log = begin_log();
        add_at(log, MINUTE - late, ENTRY_NODE_ENROL, "node/" NODE,
               enrolment(&other, transport_key));
        add_minute(log, MINUTE, &is, 1);
        end_log(log);
        assert_int_equal(verify_with("--quotes"), late ? CMD_CONTRAINDICATED : CMD_OK);
        if (late)
            says("the quote is not signed by the AK that the node enrolled with");
        make_dir_done(path_of("ledger"));
    }
    make_ak_done(&other);
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
    says("quotes      3 proven again, ");
    assert_int_equal(RUN(cmd_ledger_prove, state_dir, "--node", NODE, "--key", vkey, "-o", proof),
                     CMD_OK);
    assert_int_equal(RUN(cmd_ledger_prove, state_dir, "1", "--key", vkey, "-o", proof), CMD_OK);
    assert_int_equal(RUN(cmd_ledger_verify, "--proof", proof, "--key", vkey), CMD_OK);
    says("says        2026-11-29T01:00:00.000Z  server  node.enrol  node/" NODE);
    assert_int_equal(RUN(cmd_ledger_verify, path_of("rounds"), "--key", vkey), CMD_USAGE);
}

static void T28_an_entry_that_is_none_is_found(void **state)
{
    (void)state;
    struct log *log = begin_log();
    add_at(log, AT - 1, ENTRY_SERVER_START, "", NULL);
    end_log(log);
    assert_int_equal(verify_with(NULL), CMD_OK);
    says("went back before 1 of them");
    make_dir_done(path_of("ledger"));
    log = begin_log();
    make_grow(log, &key, NULL, 3); /* "entry 1", "entry 2" */
    log_free(log);
    assert_int_equal(verify_with(NULL), CMD_CONTRAINDICATED);
    says("DOES NOT VERIFY: entry 1: it is signed, but is no entry");
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
    says("server.start");
    struct gb_buf entry;
    struct json *none = NULL;
    const struct entry seventh = {.at_ms = INT64_C(1000) * AT,
                                  .what = ENTRY_SERVER_START,
                                  .who = {.text = gb_bytes_str("server")},
                                  .whom = {.text = gb_bytes_str("")},
                                  .data = none};
    gb_buf_init(&entry, GB_LIMIT_ENTRY);
    assert_int_equal(entry_write(&seventh, &entry, NULL), 0);
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
        T(T28_a_gap_in_the_minute_files_is_found),
        T(T28_nothing_to_check_does_not_verify),
        T(T28_a_quote_that_comes_again_is_found),
        T(T28_a_nonce_that_comes_again_is_found),
        T(T28_a_tpm_clock_that_goes_back_is_found),
        T(T28_a_minute_that_does_not_follow_is_found),
        T(T28_an_attestation_far_from_its_minute_is_found),
        T(T28_a_quote_from_before_the_enrolment_is_found),
        T(T28_a_quote_of_a_removed_node_is_found),
        T(T28_a_quote_of_a_node_that_never_enrolled_is_found),
        T(T28_the_keys_before_hold_no_longer_than_their_minute),
        T(T28_a_changed_attestation_is_found),
        T(T28_an_attestation_taken_away_is_found),
        T(T28_a_changed_quote_is_found),
        T(T28_a_changed_nonce_is_found),
        T(T28_a_trusted_node_without_its_quote_is_found),
        T(T28_a_quote_of_another_key_is_found),
        T(T28_a_quote_over_another_transport_key_is_found),
        T(T28_an_entry_that_is_none_is_found),
        T(an_entry_is_proven_alone),
        T(an_attestation_is_proven_alone),
        T(the_folder_above_will_do),
        T(who_never_attested_has_no_proof),
        T(T28_no_proof_is_written_of_a_changed_entry),
        T(a_key_must_be_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
