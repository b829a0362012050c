/* keyd signs one history and no other: every refusal, and every way in which the file can fail. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../test.h"
#include "base/clock.h"
#include "base/text.h"
#include "keyd/desk.h"
#include "keyd/ledger.h"
#include "keyd/monitor.h"
#include "ledger/checkpoint.h"
#include "ledger/last_signed.h"
#include "ledger/merkle.h"
#include "make_state.h"
#include "os/file.h"

static struct keyd_state state;
static struct gb_arena *arena;
static struct digester *digester;
static struct keyd_config config;
static struct house house;
static struct gb_err err;

#define must(call)                                                                                 \
    do {                                                                                           \
        if ((call) != GB_OK)                                                                       \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

static int setup(void **unused)
{
    (void)unused;
    arena = gb_arena_new();
    must(digester_new(&digester, &err));
    keyd_state_make(&state, "", "");
    must(keyd_config_read(arena, state.config, &config, &err));
    must(house_open(&config, &house, &err));
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    file_fail_nth_sync(0);
    house_close(&house);
    keyd_state_done(&state);
    digester_free(digester);
    gb_arena_free(arena);
    return 0;
}

static void restart(void)
{
    house_close(&house);
    must(house_open(&config, &house, &err));
}

/* ---- logs: leaf i says which log from `fork_at` on ---- */

struct made_log {
    uint64_t fork_at;
};
static const struct made_log ours = {UINT64_MAX};

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct gb_err *e)
{
    const struct made_log *log = arg;
    if (level == 0) {
        char entry[32];
        snprintf(entry, sizeof entry, "%s %llu", index >= log->fork_at ? "other" : "entry",
                 (unsigned long long)index);
        return merkle_leaf(digester, gb_bytes_str(entry), out);
    }
    uint8_t left[MERKLE_HASH];
    uint8_t right[MERKLE_HASH];
    int r = node(arg, level - 1, 2 * index, left, e);
    if (r == 0)
        r = node(arg, level - 1, 2 * index + 1, right, e);
    return r < 0 ? r : merkle_node(digester, left, right, out);
}

static struct keyd_ledger_ask growth(struct made_log log, uint64_t old_size, uint64_t size)
{
    struct keyd_ledger_ask ask = {.old_size = old_size, .size = size};
    struct merkle_source source = {.node = node, .arg = &log};
    struct merkle_range range;
    struct merkle_proof *proof = gb_arena_new_one(arena, struct merkle_proof);
    must(merkle_range_load(&source, size, &range, &err));
    must(merkle_range_root(digester, &range, ask.root));
    must(merkle_prove_consistency(digester, &source, old_size, size, proof, &err));
    ask.proof = (const uint8_t(*)[32])proof->hashes;
    ask.proof_count = proof->count;
    return ask;
}

static int sign(const struct keyd_ledger_ask *ask, const char **note)
{
    err = (struct gb_err){0};
    *note = NULL;
    int r = ledger_sign(house.ledger, arena, digester, ask, note, &err);
    assert_true((r == 0) == (*note != NULL));
    return r;
}

static int ask(struct made_log log, uint64_t old_size, uint64_t size)
{
    const char *note = NULL;
    struct keyd_ledger_ask what = growth(log, old_size, size);
    return sign(&what, &note);
}

static uint64_t last_size(void)
{
    struct keyd_ledger last;
    must(ledger_last(house.ledger, arena, &last, &err));
    return last.size;
}

/* What stands on the disk now. */
static struct last_signed on_disk(void)
{
    char path[128];
    struct gb_bytes in;
    struct last_signed last;
    snprintf(path, sizeof path, "%s/ledger.state", state.folder);
    must(file_read(arena, path, LAST_SIGNED_MAX, &in, &err));
    must(last_signed_read(digester, in, &last, &err));
    return last;
}

/* How many of the keys that sign now have signed it. */
static size_t signatures(const char *note, uint64_t size)
{
    struct keyd_ledger last;
    size_t count = 0;
    must(ledger_last(house.ledger, arena, &last, &err));
    struct gb_bytes rest = gb_bytes_str(last.vkeys);
    while (rest.len > 0) {
        struct note_key key;
        struct checkpoint_opened opened;
        must(note_key_read(digester, gb_text_until(&rest, '\n'), &key, &err));
        const struct checkpoint_trust trust = {
            .keys = &key, .key_count = 1, .origin = "example.test/ledger"};
        must(checkpoint_open(arena, &trust, gb_bytes_str(note), &opened, &err));
        if (!opened.fault && opened.head.size == size)
            count++;
    }
    return count;
}

/* ---- growth ---- */

static void it_begins_with_nothing(void **unused)
{
    (void)unused;
    struct keyd_ledger last;
    uint8_t empty[32];
    must(ledger_last(house.ledger, arena, &last, &err));
    must(merkle_empty(digester, empty));
    assert_int_equal(last.size, 0);
    assert_memory_equal(last.root, empty, 32);
    assert_int_equal(strncmp(last.vkeys, "example.test/ledger+", 20), 0);
    assert_int_equal(ask(ours, 0, 0), 0); /* the empty log's head */
}

static void growth_is_signed_and_on_the_disk(void **unused)
{
    (void)unused;
    static const uint64_t sizes[] = {0, 1, 2, 3, 7, 8, 100, 101, 1000};
    for (size_t i = 1; i < GB_ARRAY_LEN(sizes); i++) {
        const char *note = NULL;
        struct keyd_ledger_ask what = growth(ours, sizes[i - 1], sizes[i]);
        must(sign(&what, &note));
        assert_int_equal(signatures(note, sizes[i]), 1);
        struct last_signed last = on_disk();
        assert_int_equal(last.size, sizes[i]);
        assert_memory_equal(last.root, what.root, 32);
        restart();
        assert_int_equal(last_size(), sizes[i]);
    }
}

static void the_same_again_is_signed_again(void **unused)
{
    (void)unused;
    const char *first = NULL;
    const char *again = NULL;
    struct keyd_ledger_ask what = growth(ours, 0, 9);
    must(sign(&what, &first));
    must(sign(&what, &again)); /* the answer was lost: old_size is no longer ours, the rest is */
    assert_string_equal(first, again);
    what = growth(ours, 9, 9);
    must(sign(&what, &again));
    assert_string_equal(first, again);
}

/* ---- what lies ---- */

static void T28_keyd_signs_only_consistent_growth(void **unused)
{
    (void)unused;
    const char *note = NULL;
    must(ask(ours, 0, 10));
    assert_int_equal(ask(ours, 0, 9), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "smaller"));
    assert_int_equal(ask((struct made_log){9}, 10, 10), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "another ledger"));
    assert_int_equal(ask((struct made_log){0}, 10, 20), GB_ERR_DENIED);
    assert_int_equal(ask((struct made_log){9}, 10, 20), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "does not stand"));
    assert_int_equal(ask(ours, 9, 20), GB_ERR_AGAIN);
    assert_int_equal(ask(ours, 11, 20), GB_ERR_AGAIN);
    assert_int_equal(ask(ours, 0, 20), GB_ERR_AGAIN);
    struct keyd_ledger_ask what = growth(ours, 10, 20);
    what.proof_count--;
    assert_int_equal(sign(&what, &note), GB_ERR_DENIED);
    what.proof_count = 0;
    assert_int_equal(sign(&what, &note), GB_ERR_DENIED);
    what = growth(ours, 10, 20);
    what.size = (uint64_t)1 << 63;
    assert_int_not_equal(sign(&what, &note), 0);
    assert_int_equal(last_size(), 10);
    assert_int_equal(on_disk().size, 10);
    must(ask(ours, 10, 20)); /* honest growth still goes on */
}

static void T28_each_byte_of_a_proof_counts(void **unused)
{
    (void)unused;
    const char *note = NULL;
    must(ask(ours, 0, 13));
    struct keyd_ledger_ask what = growth(ours, 13, 29);
    uint8_t(*proof)[32] = gb_arena_alloc(arena, what.proof_count, 32);
    memcpy(proof, what.proof, what.proof_count * 32);
    what.proof = (const uint8_t(*)[32])proof;
    for (size_t i = 0; i < what.proof_count * 32; i++) {
        proof[i / 32][i % 32] ^= 1;
        assert_int_equal(sign(&what, &note), GB_ERR_DENIED);
        proof[i / 32][i % 32] ^= 1;
    }
    for (size_t i = 0; i < 32; i++) {
        what.root[i] ^= 1;
        assert_int_equal(sign(&what, &note), GB_ERR_DENIED);
        what.root[i] ^= 1;
    }
    must(sign(&what, &note));
}

/* The database was restored from a copy of size 5, and lived on: it is another history now,
 * whatever it says of itself. */
static void T28_a_rolled_back_database_cannot_be_signed(void **unused)
{
    (void)unused;
    struct made_log restored = {5};
    must(ask(ours, 0, 5));
    must(ask(ours, 5, 12));
    assert_int_equal(ask(restored, 5, 8), GB_ERR_DENIED);
    assert_int_equal(ask(restored, 5, 12), GB_ERR_DENIED);
    assert_int_equal(ask(restored, 5, 30), GB_ERR_AGAIN);
    assert_int_equal(ask(restored, 12, 30), GB_ERR_DENIED);
    restart();
    assert_int_equal(ask(restored, 5, 8), GB_ERR_DENIED);
    assert_int_equal(ask(restored, 12, 30), GB_ERR_DENIED);
    assert_int_equal(last_size(), 12);
}

/* By the door that garboardd has: it cannot name an origin, nor skip the state. */
static void T28_the_door_is_the_same(void **unused)
{
    (void)unused;
    struct desk desk = {.house = &house, .arena = arena, .digester = digester};
    struct rpc_request request = {.id = 7, .kind = RPC_LEDGER_SIGN};
    struct rpc_reply reply;
    request.ledger_sign = growth(ours, 0, 6);
    must(monitor_serve(&desk, &request, &reply, &err));
    assert_int_equal(strncmp(reply.ledger_sign.note, "example.test/ledger\n6\n", 22), 0);
    request.ledger_sign = growth((struct made_log){2}, 6, 8);
    assert_int_equal(monitor_serve(&desk, &request, &reply, &err), GB_ERR_DENIED);
    request.kind = RPC_LEDGER_STATE;
    must(monitor_serve(&desk, &request, &reply, &err));
    assert_int_equal(reply.ledger_state.size, 6);
}

/* ---- what fails ---- */

/* Writing the file, renaming it, syncing its folder: whichever fails, nothing is signed, and what
 * is on the disk can be loaded and signed on. */
static void T20_what_is_not_durable_is_not_signed(void **unused)
{
    (void)unused;
    enum { STEPS = 3 };
    uint64_t size = 4;
    must(ask(ours, 0, size));
    for (unsigned long nth = 1; nth <= STEPS; nth++, size += 3) {
        file_fail_nth_sync(nth);
        assert_int_equal(ask(ours, size, size + 3), GB_ERR_IO);
        assert_int_equal(last_size(), size);
        assert_true(on_disk().size == size || (nth == STEPS && on_disk().size == size + 3));
        must(ask(ours, size, size + 3));
        assert_int_equal(on_disk().size, size + 3);
    }
    file_fail_nth_sync(STEPS + 1); /* there is no fourth */
    must(ask(ours, size, size + 3));
}

/* No space, no right to write: the same. */
static void T20_a_folder_that_is_closed_signs_nothing(void **unused)
{
    (void)unused;
    char command[160];
    if (geteuid() == 0) { /* whom no mode stops: the folder itself is gone */
        snprintf(command, sizeof command, "mv %s %s.away", state.folder, state.folder);
        assert_int_equal(system(command), 0);
        assert_int_equal(ask(ours, 0, 3), GB_ERR_IO);
        snprintf(command, sizeof command, "mv %s.away %s", state.folder, state.folder);
        assert_int_equal(system(command), 0);
    } else {
        assert_int_equal(chmod(state.folder, 0500), 0);
        assert_int_equal(ask(ours, 0, 3), GB_ERR_IO);
        assert_int_equal(chmod(state.folder, 0700), 0);
    }
    assert_int_equal(last_size(), 0);
    must(ask(ours, 0, 3));
}

/* Killed after the write, before the answer: what was kept is ahead of what garboardd knows, which
 * asks for the state, and for the same again. */
static void a_lost_answer_is_no_fork(void **unused)
{
    (void)unused;
    const char *note = NULL;
    must(ask(ours, 0, 5));
    must(ask(ours, 5, 11)); /* nobody got it */
    restart();
    assert_int_equal(ask(ours, 5, 14), GB_ERR_AGAIN);
    struct keyd_ledger_ask what = growth(ours, 5, 11);
    must(sign(&what, &note));
    assert_int_equal(signatures(note, 11), 1);
    must(ask(ours, 11, 14));
}

/* ---- the file ---- */

static void write_state(struct gb_bytes bytes)
{
    char path[128];
    snprintf(path, sizeof path, "%s/ledger.state", state.folder);
    must(file_write(path, bytes, &err));
}

static void refused_at_start(const char *word)
{
    err = (struct gb_err){0};
    assert_int_equal(house_open(&config, &house, &err), GB_ERR_CONFIG);
    if (!strstr(err.text, word))
        fail_msg("not \"%s\": %s", word, err.text);
}

static void T28_a_torn_state_is_refused_at_start(void **unused)
{
    (void)unused;
    char path[128];
    struct gb_bytes whole;
    must(ask(ours, 0, 300));
    house_close(&house);
    snprintf(path, sizeof path, "%s/ledger.state", state.folder);
    must(file_read(arena, path, LAST_SIGNED_MAX, &whole, &err));
    for (size_t len = 0; len < whole.len; len++) {
        write_state(gb_bytes(whole.data, len));
        refused_at_start("damaged");
    }
    struct gb_bytes copy = gb_arena_copy(arena, whole);
    uint8_t *bytes = (uint8_t *)(uintptr_t)copy.data;
    for (size_t i = 0; i < whole.len; i++) {
        bytes[i] ^= 1;
        write_state(copy);
        refused_at_start("damaged");
        bytes[i] ^= 1;
    }
    write_state(gb_bytes_str(gb_arena_printf(arena, "%s\n", (const char *)copy.data)));
    refused_at_start("damaged");
    assert_int_equal(unlink(path), 0);
    refused_at_start("missing");
    assert_non_null(strstr(err.text, "restore"));
    write_state(whole);
    must(house_open(&config, &house, &err));
    assert_int_equal(last_size(), 300);
}

static void another_trust_domain_is_another_log(void **unused)
{
    (void)unused;
    static const char *const others[] = {"other.test", "example.tes", "example.test.org", "e"};
    house_close(&house);
    for (size_t i = 0; i < GB_ARRAY_LEN(others); i++) {
        config.trust_domain = others[i];
        refused_at_start("trust_domain");
    }
    config.trust_domain = "example.test";
    must(house_open(&config, &house, &err));
}

static void T28_two_do_not_sign_from_one_folder(void **unused)
{
    (void)unused;
    struct house second;
    must(house_open(&config, &second, &err)); /* as --check-config does beside a keyd that serves */
    must(ledger_hold(house.ledger, &err));
    must(ask(ours, 0, 7));
    assert_int_equal(ledger_hold(second.ledger, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "another garboard-keyd"));
    house_close(&house);
    must(ledger_hold(second.ledger, &err)); /* and it knows what the first has signed */
    house = second;
    assert_int_equal(last_size(), 7);
}

/* ---- rotation ---- */

static void with_a_next_key_both_sign(void **unused)
{
    (void)unused;
    const char *note = NULL;
    char from[128];
    char to[128];
    struct keyd_ledger_ask what = growth(ours, 0, 4);
    keyd_state_ledger_key(&state, "ledger-next.key", "");
    must(sign(&what, &note));
    assert_int_equal(signatures(note, 4), 1); /* not before a reload */
    must(house_reload(&house, &config, &err));
    what = growth(ours, 4, 5);
    must(sign(&what, &note));
    assert_int_equal(signatures(note, 5), 2);
    snprintf(from, sizeof from, "%s/ledger-next.key", state.folder);
    snprintf(to, sizeof to, "%s/ledger.key", state.folder);
    assert_int_equal(rename(from, to), 0);
    const char *both = note;
    must(house_reload(&house, &config, &err));
    what = growth(ours, 5, 6);
    must(sign(&what, &note));
    assert_int_equal(signatures(note, 6), 1);
    assert_int_equal(signatures(both, 5), 1); /* the key that signs now signed then, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_begins_with_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(growth_is_signed_and_on_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_again_is_signed_again, setup, teardown),
        cmocka_unit_test_setup_teardown(T28_keyd_signs_only_consistent_growth, setup, teardown),
        cmocka_unit_test_setup_teardown(T28_each_byte_of_a_proof_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(T28_a_rolled_back_database_cannot_be_signed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(T28_the_door_is_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(T20_what_is_not_durable_is_not_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(T20_a_folder_that_is_closed_signs_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_answer_is_no_fork, setup, teardown),
        cmocka_unit_test_setup_teardown(T28_a_torn_state_is_refused_at_start, setup, teardown),
        cmocka_unit_test_setup_teardown(another_trust_domain_is_another_log, setup, teardown),
        cmocka_unit_test_setup_teardown(T28_two_do_not_sign_from_one_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(with_a_next_key_both_sign, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
