/* garboardd's side of witnessing, with the real garboard-witness and with one that lies (T28). */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "../net/kit.h"
#include "../test.h"
#include "../witness/program.h"
#include "base/clock.h"
#include "ledger/checkpoint.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "os/file.h"
#include "server/ledger/witnesses.h"
#include "server/ledger/witnesses_inside.h"

enum { WAIT_MS = 8000 };

static struct gb_arena *arena;
static struct program program;
static struct ed25519 *key;
static struct note_key own;      /* our ledger's */
static struct note_key cosigner; /* the witness' */
static char vkey[NOTE_VKEY];

static int setup(void **state)
{
    (void)state;
    struct digester *digester = NULL;
    uint8_t public[ED25519_PUBLIC];
    arena = gb_arena_new();
    if (!arena)
        return -1;
    assert_int_equal(digester_new(&digester, NULL), 0);
    assert_int_equal(ed25519_new(&key, NULL), 0);
    assert_int_equal(ed25519_public(key, public, NULL), 0);
    assert_int_equal(note_key_make(digester, "a.example/ledger", NOTE_ED25519, public, &own, NULL),
                     0);
    note_key_write(&own, vkey);
    program_init(&program, arena);
    assert_int_equal(note_key_read(digester, gb_bytes_str(program.vkey), &cosigner, NULL), 0);
    program_add_log(&program, vkey);
    program_start(&program);
    digester_free(digester);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_done(&program);
    ed25519_free(key);
    gb_arena_free(arena);
    return 0;
}

/* ---- a ledger, as the sequencer makes it ---- */

struct ledger {
    const char *folder;
    struct log *log;
    struct gb_bytes note; /* newest */
};

static struct ledger ledger_open(const char *name)
{
    struct ledger ledger = {.folder = gb_arena_printf(arena, "%s/%s", program.dir, name)};
    struct gb_err err = {0};
    if (log_open(ledger.folder, &ledger.log, &err) < 0)
        fail_msg("%s", err.text);
    return ledger;
}

static void sign(struct ledger *ledger)
{
    struct checkpoint head = {.origin = gb_bytes_str(own.name), .size = log_size(ledger->log)};
    struct gb_buf text, note;
    gb_buf_init(&text, 4096);
    gb_buf_init(&note, 4096);
    assert_int_equal(log_flush(ledger->log, NULL), 0);
    assert_int_equal(log_root(ledger->log, head.root, NULL), 0);
    checkpoint_write(&head, &text);
    note_begin(&note, gb_buf_bytes(&text));
    assert_int_equal(note_sign(key, &own, gb_buf_bytes(&text), 0, &note, NULL), 0);
    ledger->note = gb_arena_copy(arena, gb_buf_bytes(&note));
    assert_int_equal(log_set_checkpoint(ledger->log, ledger->note, NULL), 0);
    gb_buf_done(&text);
    gb_buf_done(&note);
}

static void grow(struct ledger *ledger, const char *what, int count)
{
    for (int i = 0; i < count; i++) {
        const char *entry = gb_arena_printf(arena, "%s %d", what, i);
        assert_int_equal(log_add(ledger->log, gb_bytes_str(entry), NULL), 0);
    }
    sign(ledger);
}

/* The whole folder at this moment, as a copy of a machine has it. */
static struct ledger copy(struct ledger *ledger, const char *name)
{
    char command[400];
    log_free(ledger->log);
    snprintf(command, sizeof command, "cp -a %s %s/%s", ledger->folder, program.dir, name);
    assert_int_equal(system(command), 0);
    assert_int_equal(log_open(ledger->folder, &ledger->log, NULL), 0);
    return ledger_open(name);
}

/* ---- those who push ---- */

static atomic_int changes;

static void changed(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&changes, 1);
}

static const char *line_of(const char *url, const char *ca)
{
    return gb_arena_printf(arena, "%s %s %s", program.vkey, url, ca);
}

static const char *ca_file(void)
{
    return gb_arena_printf(arena, "%s/etc/ca.pem", program.dir);
}

static struct witnesses *start(const struct ledger *ledger, const char *line, size_t quorum,
                               int64_t lag_ms)
{
    struct witnesses *witnesses = NULL;
    struct gb_err err = {0};
    const char *items[] = {line};
    const struct conf_list lines = {.items = items, .count = 1};
    const struct witnesses_conf conf = {.lines = &lines,
                                        .ledger = ledger->folder,
                                        .quorum = quorum,
                                        .lag_ms = lag_ms,
                                        .changed = changed};
    if (witnesses_new(&conf, &witnesses, &err) < 0 || witnesses_start(witnesses, &err) < 0)
        fail_msg("%s", err.text);
    return witnesses;
}

static struct witnesses_standing stand(struct witnesses *witnesses)
{
    struct witnesses_standing standing;
    witnesses_stand(witnesses, &standing);
    return standing;
}

/* Pushes, and whether what then is published holds against `quorum` witnesses. */
static bool cosigned(struct witnesses *witnesses, struct ledger *ledger, size_t quorum)
{
    const struct checkpoint_trust trust = {
        .keys = &own, .key_count = 1, .witnesses = &cosigner, .witness_count = 1, .quorum = quorum};
    struct checkpoint_opened opened = {.fault = "none"};
    struct gb_buf out;
    witnesses_push(witnesses, ledger->note, vkey);
    (void)witnesses_wait(witnesses, WAIT_MS);
    gb_buf_init(&out, 1 << 16);
    witnesses_add_lines(witnesses, ledger->note, &out);
    struct gb_bytes with = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    assert_int_equal(checkpoint_open(arena, &trust, with, &opened, NULL), 0);
    assert_int_equal(opened.head.size, log_size(ledger->log));
    if (!opened.fault) /* and the folder takes it in its checkpoint's place */
        assert_int_equal(log_set_checkpoint(ledger->log, with, NULL), 0);
    return !opened.fault;
}

/* ---- tests ---- */

static void gets_cosignatures(void **state)
{
    (void)state;
    struct ledger ledger = ledger_open("ledger");
    struct witnesses *witnesses = start(&ledger, line_of(program.url, ca_file()), 1, 60000);
    int before = atomic_load(&changes);
    for (int i = 1; i <= 20; i++) {
        grow(&ledger, "entry", i * 7);
        assert_true(cosigned(witnesses, &ledger, 1));
        assert_int_equal(stand(witnesses).cosigned, 1);
        assert_int_equal(stand(witnesses).behind_ms, 0);
    }
    assert_true(atomic_load(&changes) < before + 10); /* nearly each was waited for */
    /* an older note gets no line of the newer one */
    struct gb_bytes old = ledger.note;
    grow(&ledger, "entry", 1);
    assert_true(cosigned(witnesses, &ledger, 1));
    struct gb_buf out;
    gb_buf_init(&out, 1 << 16);
    witnesses_add_lines(witnesses, old, &out);
    assert_true(gb_bytes_equal(gb_buf_bytes(&out), old));
    gb_buf_done(&out);
    witnesses_free(witnesses);
    /* who does not know what the witness holds learns it */
    witnesses = start(&ledger, line_of(program.url, ca_file()), 1, 60000);
    grow(&ledger, "entry", 3);
    assert_true(cosigned(witnesses, &ledger, 1));
    witnesses_free(witnesses);
    log_free(ledger.log);
}

static bool until_cosigned(struct witnesses *witnesses, size_t count)
{
    for (int i = 0; i < WAIT_MS / 10 && stand(witnesses).cosigned != count; i++)
        usleep(10000);
    return stand(witnesses).cosigned == count;
}

static void goes_on_when_the_witness_comes_back(void **state)
{
    (void)state;
    struct ledger ledger = ledger_open("ledger");
    struct witnesses *witnesses = start(&ledger, line_of(program.url, ca_file()), 1, 200);
    grow(&ledger, "entry", 3);
    assert_true(cosigned(witnesses, &ledger, 1));
    program_kill(&program, SIGKILL);
    grow(&ledger, "entry", 3);
    assert_false(cosigned(witnesses, &ledger, 1));
    usleep(300000);
    assert_true(stand(witnesses).late); /* the quorum is missing for too long */
    assert_false(stand(witnesses).forked);
    assert_non_null(strstr(stand(witnesses).why, "0 of 1"));
    int64_t began_ms = gb_clock_ms();
    grow(&ledger, "entry", 3);
    assert_false(cosigned(witnesses, &ledger, 1));
    assert_true(gb_clock_ms() - began_ms < 1000); /* who did not answer is not waited for */
    int before = atomic_load(&changes);
    program_start(&program);
    assert_true(until_cosigned(witnesses, 1)); /* without another push */
    for (int i = 0; i < WAIT_MS / 10 && atomic_load(&changes) == before; i++)
        usleep(10000);
    assert_int_equal(atomic_load(&changes), before + 1); /* to be published now */
    assert_false(stand(witnesses).late);
    grow(&ledger, "entry", 3);
    assert_true(cosigned(witnesses, &ledger, 1));
    witnesses_free(witnesses);
    log_free(ledger.log);
}

static bool until_forked(struct witnesses *witnesses)
{
    for (int i = 0; i < WAIT_MS / 10 && !stand(witnesses).forked; i++)
        usleep(10000);
    return stand(witnesses).forked;
}

static void push_once(struct witnesses *witnesses, struct ledger *ledger)
{
    witnesses_push(witnesses, ledger->note, vkey);
    (void)witnesses_wait(witnesses, WAIT_MS);
}

static size_t evidence(void)
{
    const char *const *names;
    size_t count = 0;
    assert_int_equal(file_list(arena, program.dir, "fork-", ".checkpoint", &names, NULL), 0);
    while (names[count])
        count++;
    return count;
}

static void T28_a_ledger_that_forked_says_so(void **state)
{
    (void)state;
    struct ledger a = ledger_open("a");
    grow(&a, "both", 9);
    struct witnesses *of_a = start(&a, line_of(program.url, ca_file()), 0, 60000);
    assert_true(cosigned(of_a, &a, 1));
    struct ledger b = copy(&a, "b");
    grow(&a, "one", 4);
    assert_true(cosigned(of_a, &a, 1));
    grow(&b, "other", 8);
    struct witnesses *of_b = start(&b, line_of(program.url, ca_file()), 0, 60000);
    push_once(of_b, &b);
    assert_true(until_forked(of_b));
    assert_non_null(strstr(stand(of_b).why, "forked"));
    assert_non_null(strstr(stand(of_b).why, "w.example/1"));
    assert_int_equal(evidence(), 1);
    assert_false(stand(of_a).forked);
    grow(&a, "one", 4);
    assert_true(cosigned(of_a, &a, 1)); /* the first one goes on */
    witnesses_free(of_a);
    witnesses_free(of_b);
    log_free(a.log);
    log_free(b.log);
}

static void T28_a_ledger_that_was_set_back_says_so(void **state)
{
    (void)state;
    struct ledger a = ledger_open("a");
    grow(&a, "both", 9);
    struct ledger b = copy(&a, "b");
    grow(&a, "one", 20);
    struct witnesses *of_a = start(&a, line_of(program.url, ca_file()), 0, 60000);
    assert_true(cosigned(of_a, &a, 1));
    grow(&b, "one", 1); /* even the same entries: the key signed more already */
    struct witnesses *of_b = start(&b, line_of(program.url, ca_file()), 0, 60000);
    push_once(of_b, &b);
    assert_true(until_forked(of_b));
    assert_non_null(strstr(stand(of_b).why, "set back"));
    witnesses_free(of_a);
    witnesses_free(of_b);
    log_free(a.log);
    log_free(b.log);
}

/* ---- a witness that lies ---- */

struct liar {
    int status;
    const char *body;
    struct gb_bytes checkpoint; /* what it claims to hold; none: 404 */
};

static void lie(void *ctx, struct http_request *request)
{
    const struct liar *liar = ctx;
    if (http_request_method(request) == HTTP_POST)
        http_answer(request, liar->status, "text/x.tlog.size", gb_bytes_str(liar->body));
    else
        http_answer(request, liar->checkpoint.len > 0 ? 200 : 404, "text/plain", liar->checkpoint);
}

static void T28_a_lying_witness_stops_nobody(void **state)
{
    (void)state;
    struct ledger ledger = ledger_open("ledger"), foreign = ledger_open("foreign");
    struct ed25519 *ours = key;
    grow(&ledger, "entry", 9);
    assert_int_equal(ed25519_new(&key, NULL), 0); /* another key, under our name */
    {
        uint8_t public[ED25519_PUBLIC];
        struct note_key kept = own;
        struct digester *digester = NULL;
        assert_int_equal(digester_new(&digester, NULL), 0);
        assert_int_equal(ed25519_public(key, public, NULL), 0);
        assert_int_equal(note_key_make(digester, kept.name, NOTE_ED25519, public, &own, NULL), 0);
        grow(&foreign, "foreign", 99);
        own = kept;
        digester_free(digester);
    }
    ed25519_free(key);
    key = ours;
    const struct liar lies[] = {{409, "9000\n", foreign.note},
                                {409, "4\n", {0}},
                                {422, "fork", foreign.note},
                                {422, "fork", ledger.note},
                                {409, "9\n", ledger.note},
                                {409, "no size", {0}},
                                {200, "\xe2\x80\x94 w.example/1 AAAA\n", {0}},
                                {200, "\n\n", {0}},
                                {200, "", {0}},
                                {404, "", {0}},
                                {500, "", foreign.note}};
    const char *ca = gb_arena_printf(arena, "%s/kit-ca.pem", program.dir);
    assert_int_equal(file_write(ca, kit_cert_pem(&kit_people()->ca, NULL), NULL), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(lies); i++) {
        struct liar liar = lies[i];
        struct kit_server server = kit_conf(lie, &liar);
        server.auth = TLS_AUTH_NONE;
        kit_start(&server);
        const char *url = gb_arena_printf(arena, "https://127.0.0.1:%u", server.port);
        struct witnesses *witnesses = start(&ledger, line_of(url, ca), 1, 60000);
        assert_false(cosigned(witnesses, &ledger, 1));
        if (stand(witnesses).forked)
            fail_msg("lie %zu was believed: %s", i, stand(witnesses).why);
        assert_int_equal(stand(witnesses).cosigned, 0);
        witnesses_free(witnesses);
        kit_stop(&server);
    }
    assert_int_equal(evidence(), 0);
    log_free(ledger.log);
    log_free(foreign.log);
}

static void refuses_what_no_line_says(void **state)
{
    (void)state;
    const char *ca = ca_file();
    const char *const bad[] = {
        "",
        program.vkey,
        gb_arena_printf(arena, "%s https://x", program.vkey),
        gb_arena_printf(arena, "%s http://x %s", program.vkey, ca),
        gb_arena_printf(arena, "%s https:///p %s", program.vkey, ca),
        gb_arena_printf(arena, "%s https://x/?y %s", program.vkey, ca),
        gb_arena_printf(arena, "%s https://x %s", vkey, ca), /* a log's key */
        gb_arena_printf(arena, "w.example/1 https://x %s", ca),
    };
    struct witnesses *witnesses = NULL;
    struct conf_list lines = {.count = 1};
    struct witnesses_conf conf = {.lines = &lines, .ledger = program.dir, .lag_ms = 1};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        const char *item = bad[i];
        lines.items = &item;
        if (witnesses_new(&conf, &witnesses, NULL) != GB_ERR_CONFIG)
            fail_msg("taken: %s", item);
    }
    const char *good = line_of("https://x/deep/path/", ca);
    const char *twice[] = {good, good};
    lines = (struct conf_list){.items = twice, .count = 2};
    assert_int_equal(witnesses_new(&conf, &witnesses, NULL), GB_ERR_CONFIG);
    lines.count = 1;
    conf.quorum = 2; /* more than there are */
    assert_int_equal(witnesses_new(&conf, &witnesses, NULL), GB_ERR_CONFIG);
    conf.quorum = 1;
    assert_int_equal(witnesses_new(&conf, &witnesses, NULL), 0);
    witnesses_free(witnesses);
    const char *nowhere = gb_arena_printf(arena, "%s https://x /nowhere.pem", program.vkey);
    lines.items = &nowhere;
    assert_int_equal(witnesses_new(&conf, &witnesses, NULL), GB_ERR_NOTFOUND);
    lines.count = 0;
    conf.quorum = 0;
    assert_int_equal(witnesses_new(&conf, &witnesses, NULL), 0); /* none at all is fine */
    assert_int_equal(witnesses_start(witnesses, NULL), 0);
    witnesses_push(witnesses, gb_bytes_str("x\n"), "");
    assert_true(witnesses_wait(witnesses, 1000));
    assert_false(stand(witnesses).late);
    witnesses_free(witnesses);
}

/* After a minute without it, a witness that is needed is asked again within seconds. */
static void who_is_waited_for_is_asked_soon_again(void **state)
{
    (void)state;
    const struct {
        bool stops;
        int64_t longest_ms;
    } cases[] = {{true, 3000}, {false, 60000}};
    for (size_t i = 0; i < 2; i++) {
        int64_t pause_ms = witnesses_pause_ms(0, cases[i].stops);
        assert_int_equal(pause_ms, 500);
        for (int n = 0; n < 20; n++)
            pause_ms = witnesses_pause_ms(pause_ms, cases[i].stops);
        assert_int_equal(pause_ms, cases[i].longest_ms);
    }
    assert_int_equal(witnesses_pause_ms(60000, true), 3000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(gets_cosignatures),
        TEST(goes_on_when_the_witness_comes_back),
        TEST(T28_a_ledger_that_forked_says_so),
        TEST(T28_a_ledger_that_was_set_back_says_so),
        TEST(T28_a_lying_witness_stops_nobody),
        TEST(refuses_what_no_line_says),
        TEST(who_is_waited_for_is_asked_soon_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
