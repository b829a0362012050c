#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "policy/access/access.h"
#include "running.h"
#include "server/api/refused.h"
#include "server/api/refused_tell.h"
#include "server/api/routes.h"
#include "server/courier.h"
#include "server/ledger/scribe.h"
#include "server/snapshot.h"
#include "store/store.h"

#define HEAD                                                                                       \
    "apiVersion: garboard.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: people, version: "    \
    "1}\n"                                                                                         \
    "spec:\n  people:\n"
#define PEOPLE                                                                                     \
    "    - {name: adam, roles: [admin]}\n    - {name: olaf, roles: [security-officer]}\n"          \
    "    - {name: tara, roles: [tag-authority]}\n    - {name: ella, roles: [enroller]}\n"          \
    "    - {name: aude, roles: [auditor]}\n    - {name: pia, roles: [enforcement-point]}\n"        \
    "    - {name: abel, roles: [admin]}\n"

static struct running service;

/* In the order of PEOPLE. */
static struct person_of_test {
    const char *name;
    uint32_t roles;
    struct kit_id id;
} people[] = {{"adam", ACCESS_BIT(ACCESS_ADMIN), {0}},
              {"olaf", ACCESS_BIT(ACCESS_SECURITY_OFFICER), {0}},
              {"tara", ACCESS_BIT(ACCESS_TAG_AUTHORITY), {0}},
              {"ella", ACCESS_BIT(ACCESS_ENROLLER), {0}},
              {"aude", ACCESS_BIT(ACCESS_AUDITOR), {0}},
              {"pia", ACCESS_BIT(ACCESS_ENFORCEMENT_POINT), {0}},
              {"abel", ACCESS_BIT(ACCESS_ADMIN), {0}},
              {"mallory", 0, {0}}};
enum { ADA, OLAF, TARA, ELLA, AUDE, PIA, ABE, MALLORY };

static int setup(void **state)
{
    (void)state;
    char san[96];
    running_start(&service);
    for (size_t i = 0; i < GB_ARRAY_LEN(people); i++) {
        snprintf(san, sizeof san, "URI:spiffe://example/operator/%s", people[i].name);
        people[i].id = kit_id(&kit_people()->ca, san, 0);
    }
    running_trust(&service, HEAD PEOPLE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(people); i++)
        kit_id_done(&people[i].id);
    running_stop(&service);
    return 0;
}

static int ask(size_t who, const char *line, const char *payload, char body[2048])
{
    return running_ask(service.api, &people[who].id, line, payload, body, 2048);
}

static void expect(size_t who, const char *line, const char *payload, int status, const char *part)
{
    char body[2048];
    int found = ask(who, line, payload, body);
    if (found != status || !strstr(body, part))
        fail_msg("%s as %s: %d %s, not %d %s", line, people[who].name, found, body, status, part);
}

/* ---- what the ledger got ---- */

static uint64_t entries(void)
{
    uint64_t first, next;
    store_entry_range(service.server->store, &first, &next);
    return next;
}

/* The entries from `from` on that hold both; the last one's text in *ret_text (NULL: not wanted).
 */
static size_t count(uint64_t from, const char *what, const char *part, char ret_text[4096])
{
    struct gb_arena *arena = gb_arena_new();
    struct store_row *rows;
    size_t rows_count, found = 0;
    assert_int_equal(
        store_entry_list(service.server->store, arena, from, 1000, &rows, &rows_count, NULL),
        GB_OK);
    for (size_t i = 0; i < rows_count; i++) {
        const char *text =
            gb_arena_printf(arena, "%.*s", (int)rows[i].text.len, (const char *)rows[i].text.data);
        const char *word = gb_arena_printf(arena, "\"what\":\"%s\"", what);
        if (!strstr(text, word) || !strstr(text, part))
            continue;
        found++;
        if (ret_text)
            snprintf(ret_text, 4096, "%s", text);
    }
    gb_arena_free(arena);
    return found;
}

static const char *method_name(enum http_method method)
{
    return method == HTTP_GET ? "GET" : method == HTTP_POST ? "POST" : "DELETE";
}

/* "GET /v1/nodes/x" of a pattern with {node}. */
static const char *line_of(const struct route *route, char line[128])
{
    size_t len = (size_t)snprintf(line, 128, "%s ", method_name(route->method));
    for (const char *p = route->pattern; *p && *p != '?'; p++) {
        if (*p == '{') {
            p = strchr(p, '}');
            line[len++] = 'x';
        } else {
            line[len++] = *p;
        }
    }
    line[len] = '\0';
    return line;
}

static bool let_in(const struct route *route, uint32_t roles)
{
    return (route->callers & ROUTE_PERSON) &&
           ((route->people & roles) || (route->flags & ROUTE_PROBE));
}

/* Every person at every route: the table decides, and nothing else does. */
static void T19_each_role_may_what_the_table_says_and_no_more(void **state)
{
    (void)state;
    char line[128], body[2048];
    size_t shut = 0, open = 0;
    for (size_t i = 0; i < GB_ARRAY_LEN(people); i++)
        for (const struct route *route = routes_api; route->pattern; route++) {
            int status = ask(i, line_of(route, line), "", body);
            bool refused =
                status == 403 && (strstr(body, "\"forbidden\"") || strstr(body, "role-lacking") ||
                                  strstr(body, "\"no-role\""));
            if (refused == let_in(route, people[i].roles) || status < 0)
                fail_msg("%s as %s: %d %s", line, people[i].name, status, body);
            shut += refused;
            open += !refused;
        }
    assert_true(shut > 50 && open > 50);
}

/* Whatever comes of it: 200, 404, 400, 422, 403. */
static void every_call_of_a_person_leaves_an_entry(void **state)
{
    (void)state;
    static const size_t who[] = {ADA, OLAF, AUDE, MALLORY};
    char line[128], body[2048], part[256], text[4096];
    for (size_t i = 0; i < GB_ARRAY_LEN(who); i++)
        for (const struct route *route = routes_api; route->pattern; route++) {
            uint64_t before = entries();
            bool in = let_in(route, people[who[i]].roles);
            (void)ask(who[i], line_of(route, line), "", body);
            if (in)
                snprintf(part, sizeof part, "\"path\":\"%.*s\"", (int)strcspn(route->pattern, "?"),
                         route->pattern);
            else
                snprintf(part, sizeof part, "\"whom\":{\"commitment\":");
            size_t calls = count(before, in ? "call" : "call.refused", part, text);
            bool silent = in && (route->flags & ROUTE_UNRECORDED);
            if (calls != (silent ? 0 : 1))
                fail_msg("%s as %s: %zu entries, %s", line, people[who[i]].name, calls, body);
            if (calls && (strstr(text, people[who[i]].name) || !strstr(text, "\"commitment\"")))
                fail_msg("a name stands in the ledger: %s", text);
        }
}

static void what_the_router_refuses_is_an_entry_too(void **state)
{
    (void)state;
    static const struct {
        const char *line, *payload, *code;
        int status;
    } cases[] = {{"GET /no/such/path", "", "no-such-route", 404},
                 {"POST /v1/nodes", "", "method-not-allowed", 405},
                 {"GET /v1/nodes?x=1", "", "bad-query", 400},
                 {"GET /v1/nodes", "x", "body-too-long", 413}};
    char part[128];
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        uint64_t before = entries();
        expect(ADA, cases[i].line, cases[i].payload, cases[i].status, cases[i].code);
        snprintf(part, sizeof part, "\"refused\":\"%s\"", cases[i].code);
        assert_int_equal(count(before, "call.refused", part, NULL), 1);
    }
}

/* A handler's refusal comes after the call's own entry: it has one of its own. */
static void what_a_handler_refuses_is_an_entry_too(void **state)
{
    (void)state;
    static const char policy[] =
        "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata: {name: nodes, version: 7}\n"
        "spec: {secureBoot: any}\n";
    static const struct {
        size_t who;
        const char *line, *payload, *code, *what;
        int status;
    } cases[] = {
        {ADA, "DELETE /v1/nodes/nobody", "", "node-not-found", "call.refused", 404},
        {ADA, "POST /v1/nodes/nobody/attest", "{}", "node-not-found", "call.refused", 404},
        {AUDE, "GET /v1/nodes/nobody", "", "node-not-found", "call.refused", 404},
        {ELLA, "POST /v1/tokens", "{", "malformed", "call.refused", 400},
        {OLAF, "POST /v1/policy", policy, "policy-unsigned", "policy.refused", 422},
        {OLAF, "POST /v1/policy", "kind: [", "policy-invalid", "policy.refused", 422},
    };
    char part[128], text[4096];
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        uint64_t before = entries();
        expect(cases[i].who, cases[i].line, cases[i].payload, cases[i].status, cases[i].code);
        assert_int_equal(count(before, "call", "", NULL), 1);
        snprintf(part, sizeof part, "\"refused\":\"%s\"", cases[i].code);
        assert_int_equal(count(before, cases[i].what, part, text), 1);
        assert_null(strstr(text, "nobody"));
        if (!strstr(text, "\"commitment\"") || !strstr(text, "\"method\""))
            fail_msg("who asked for what? %s", text);
        if (cases[i].payload == policy &&
            !strstr(text, "{\"kind\":\"NodePolicy\",\"name\":\"nodes\",\"version\":7}"))
            fail_msg("it does not name the document: %s", text);
        assert_int_equal(entries(), before + 2);
    }
}

/* The call is on record, its refusal cannot be: then no refusal is told but that of the store. */
static void T20_nor_is_a_later_refusal_told_without_a_record(void **state)
{
    (void)state;
    char body[2048];
    size_t told = 0;
    for (unsigned long nth = 1; nth <= 12; nth++) {
        uint64_t before = entries();
        store_fail_nth(service.server->store, nth);
        int status = ask(ADA, "DELETE /v1/nodes/nobody", "", body);
        store_fail_nth(service.server->store, 0);
        size_t refused = count(before, "call.refused", "node-not-found", NULL);
        if ((status == 404) != (refused == 1) || (status != 404 && status != 503))
            fail_msg("statement %lu: %d, %zu: %s", nth, status, refused, body);
        told += status == 404;
    }
    assert_true(told > 0 && told < 12);
}

static void an_entry_says_who_how_what_and_over_which_body(void **state)
{
    (void)state;
    char text[4096];
    uint64_t before = entries();
    expect(ELLA, "POST /v1/tokens", "{\"expires_in_s\":600,\"uses\":1}", 201, "\"token\"");
    assert_int_equal(count(before, "call", "", text), 1);
    static const char *const parts[] = {"\"how\":\"certificate\"", "\"roles\":[\"enroller\"]",
                                        "\"method\":\"POST\"", "\"path\":\"/v1/tokens\"",
                                        "\"body\":{\"commitment\":\""};
    for (size_t i = 0; i < GB_ARRAY_LEN(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("%s lacks %s", text, parts[i]);
    assert_int_equal(count(before, "token.create", "", NULL), 1); /* the change has its own */
    /* printf '{"expires_in_s":600,"uses":1}' | sha256sum: where it is opened, and only there */
    static const char body[] = "ba4bf8a4902f2c01d76b2637fd1eed56a659d8c3b28f84a5ae60bcbda91efa76";
    char line[96];
    assert_null(strstr(text, body));
    snprintf(line, sizeof line, "GET /v1/ledger/entries?from=%llu&max=1",
             (unsigned long long)before);
    expect(AUDE, line, "", 200, body);
}

/* What people put into a path or a query may be anybody's name: none of it is in clear. */
static void no_words_of_a_person_stand_in_the_ledger(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GET /v1/john-smith-has-cancer", "GET /v1/nodes/john-smith-has-cancer",
        "GET /v1/nodes?since=john-smith-has-cancer", "DELETE /v1/tokens/john-smith-has-cancer",
        "DELETE /v1/ledger/openings?name=john-smith-has-cancer"};
    static const char id[] = "0194f3c2-7a1e-8d21-9b3f-0a1b2c3d4e5f";
    char body[2048], line[128], text[4096];
    uint64_t before = entries();
    for (size_t i = 0; i < GB_ARRAY_LEN(lines); i++)
        (void)ask(ADA, lines[i], "", body);
    assert_true(entries() >= before + GB_ARRAY_LEN(lines));
    assert_int_equal(count(before, "call", "john", NULL), 0);
    assert_int_equal(count(before, "call.refused", "john", NULL), 0);
    assert_int_equal(count(before, "call.refused", "\"whom\":{\"commitment\":", NULL), 1);
    before = entries();
    snprintf(line, sizeof line, "GET /v1/nodes/%s", id);
    (void)ask(ADA, line, "", body);
    assert_int_equal(count(before, "call", id, text), 1);
    assert_non_null(strstr(text, "\"path\":\"/v1/nodes/{node}\""));
}

static int ask_why(const char *why, const char *line, const char *payload, char body[2048])
{
    char header[2048];
    snprintf(header, sizeof header, "Garboard-Why: %s\r\n", why);
    return running_ask_with(service.api, &people[ELLA].id, line, header, payload, body, 2048);
}

/* Who, what, when and why: of the call, and of what came of it. */
static void a_person_can_say_why(void **state)
{
    (void)state;
    static const char token[] = "{\"expires_in_s\":600,\"uses\":1}";
    char body[2048], text[4096], line[96], longest[520];
    uint64_t before = entries();
    assert_int_equal(ask_why("rack%207%20wird%20gr%C3%B6%C3%9Fer", "POST /v1/tokens", token, body),
                     201);
    assert_int_equal(count(before, "call", "\"why\":{\"commitment\":", text), 1);
    assert_null(strstr(text, "rack"));
    assert_int_equal(count(before, "token.create", "\"why\":{\"commitment\":", text), 1);
    snprintf(line, sizeof line, "GET /v1/ledger/entries?from=%llu&max=2",
             (unsigned long long)before);
    expect(AUDE, line, "", 200,
           "rack 7 wird gr\xc3\xb6\xc3\x9f"
           "er");
    memset(longest, 'x', sizeof longest);
    longest[513] = '\0';
    before = entries();
    const char *const bad[] = {longest, "%", "%4", "%zz", "%ff", "%0a", "a%00b", "%c3"};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(ask_why(bad[i], "POST /v1/tokens", token, body), 400);
    assert_int_equal(count(before, "token.create", "", NULL), 0);
    assert_int_equal(count(before, "call.refused", "malformed", NULL), GB_ARRAY_LEN(bad));
    longest[512] = '\0';
    assert_int_equal(ask_why(longest, "POST /v1/tokens", token, body), 201);
}

/* As while the start is not on record: who looks is answered, nothing is changed, and it is said.
 */
static void nothing_is_changed_before_the_start_is_on_record(void **state)
{
    (void)state;
    static const char token[] = "{\"expires_in_s\":600,\"uses\":1}";
    scribe_hold(service.server->scribe, "the start cannot be recorded");
    expect(ELLA, "POST /v1/tokens", token, 503, "ledger-stopped");
    expect(AUDE, "GET /v1/nodes", "", 200, "\"nodes\"");
    expect(AUDE, "GET /readyz", "", 503, "the start cannot be recorded");
    scribe_hold(service.server->scribe, NULL);
    expect(ELLA, "POST /v1/tokens", token, 201, "\"token\"");
}

/* ---- what a guess is worth ---- */

#define TWO HEAD PEOPLE "  twoPerson: [token.create, node.remove, ledger.forget]\n"

/* Of the newest. */
static void id_of(size_t who, char id[17])
{
    char body[2048];
    assert_int_equal(ask(who, "GET /v1/two-person", "", body), 200);
    const char *at = NULL;
    for (const char *next = body; (next = strstr(next, "\"id\": \"")); at = next)
        next += 7;
    assert_non_null(at);
    snprintf(id, 17, "%s", at);
}

/* Every run of 64 hex digits in the entries [from, to), one after the other. */
static size_t digests(uint64_t from, uint64_t to, char found[64][65])
{
    struct gb_arena *arena = gb_arena_new();
    struct store_row *rows;
    size_t rows_count, n = 0;
    assert_int_equal(
        store_entry_list(service.server->store, arena, from, to - from, &rows, &rows_count, NULL),
        GB_OK);
    for (size_t i = 0; i < rows_count; i++) {
        const char *text =
            gb_arena_printf(arena, "%.*s", (int)rows[i].text.len, (const char *)rows[i].text.data);
        for (; *text; text++) {
            size_t len = strspn(text, "0123456789abcdef");
            if (len == 64) {
                assert_true(n < 64);
                snprintf(found[n++], 65, "%s", text);
            }
            text += len > 0 ? len - 1 : 0;
        }
    }
    gb_arena_free(arena);
    return n;
}

/* The same call twice, taken back in between. */
static void ask_and_take_back(const char *line, const char *payload)
{
    char id[17], back[64];
    expect(ADA, line, payload, 202, "waiting");
    id_of(ADA, id);
    snprintf(back, sizeof back, "DELETE /v1/two-person/%s", id);
    expect(ADA, back, "", 204, "");
}

/* Whoever guesses a call of a person, name and all, finds no digest to compare with: the same call
 * of the same person leaves nothing twice. */
static void T19_no_name_can_be_guessed_from_the_ledger(void **state)
{
    (void)state;
    static const char *const calls[][2] = {{"DELETE /v1/ledger/openings?name=aude", ""},
                                           {"POST /v1/tokens", "{\"expires_in_s\":7,\"uses\":1}"}};
    char first[64][65], second[64][65];
    running_trust(&service, TWO);
    for (size_t i = 0; i < GB_ARRAY_LEN(calls); i++) {
        uint64_t a = entries();
        ask_and_take_back(calls[i][0], calls[i][1]);
        uint64_t b = entries();
        ask_and_take_back(calls[i][0], calls[i][1]);
        size_t n = digests(a, b, first), m = digests(b, entries(), second);
        assert_true(n >= 3 && m == n); /* at least: who asked, and who took back whose */
        for (size_t k = 0; k < n * m; k++)
            if (strcmp(first[k / m], second[k % m]) == 0)
                fail_msg("%s: %s stands in the ledger twice", calls[i][0], first[k / m]);
    }
    running_trust(&service, HEAD PEOPLE);
}

/* Who asks to be forgotten is not written down once more. */
static void whom_to_forget_stands_in_no_entry(void **state)
{
    (void)state;
    char text[4096], body[2048];
    uint64_t before = entries();
    (void)ask(ADA, "DELETE /v1/ledger/openings?name=waldo", "", body);
    assert_int_equal(count(before, "call", "", text), 1);
    assert_null(strstr(text, "waldo"));
    before = entries();
    expect(AUDE, "GET /v1/ledger/entries?max=1", "", 200, "entries");
    assert_int_equal(count(before, "call", "\"query\":\"max=1\"", NULL), 1);
}

/* The disk is full: nothing is done, nothing is told. */
static void T20_without_a_record_no_call_is_carried_out(void **state)
{
    (void)state;
    char body[2048];
    uint64_t before = entries();
    store_fail_nth(service.server->store, 1);
    int status = ask(ELLA, "POST /v1/tokens", "{\"expires_in_s\":600,\"uses\":1}", body);
    store_fail_nth(service.server->store, 0);
    assert_int_equal(status, 503);
    assert_non_null(strstr(body, "store-failed"));
    assert_int_equal(count(before, "token.create", "", NULL), 0);
    store_fail_nth(service.server->store, 1);
    status = ask(PIA, "DELETE /v1/nodes/x", "", body); /* nor is a refusal told */
    store_fail_nth(service.server->store, 0);
    assert_int_equal(status, 503);
    expect(ELLA, "GET /v1/tokens", "", 200, "tokens");
}

/* ---- two people ---- */

/* Of a call of its own: what was carried out is known for some seconds. */
static char token[64];

static void fresh_token(void)
{
    static int uses = 10;
    snprintf(token, sizeof token, "{\"expires_in_s\":600,\"uses\":%d}", uses++);
}

static void two_people_do_what_one_may_not(void **state)
{
    (void)state;
    char text[4096], body[2048];
    running_trust(&service, TWO);
    fresh_token();
    uint64_t before = entries();
    expect(ELLA, "POST /v1/tokens", token, 202, "\"waiting\"");
    expect(ELLA, "POST /v1/tokens", token, 202, "POST /v1/tokens"); /* she is still one */
    assert_int_equal(count(before, "two-person.ask", "", NULL), 1);
    assert_int_equal(count(before, "token.create", "", NULL), 0);
    expect(PIA, "POST /v1/tokens", token, 403, "role-lacking"); /* no role for it */
    expect(ADA, "POST /v1/tokens", "{\"expires_in_s\":600,\"uses\":2}", 202, "waiting"); /* other */
    expect(AUDE, "GET /v1/two-person", "", 200, "\"by\": \"ella\"");
    expect(ADA, "POST /v1/tokens", token, 201, "\"token\"");
    assert_int_equal(count(before, "two-person.agree", "", text), 1);
    assert_true(strstr(text, "\"who\":{\"commitment\"") &&
                strstr(text, "\"whom\":{\"commitment\""));
    assert_int_equal(count(before, "token.create", "", NULL), 1);
    /* once: whoever comes in the same moment does not carry it out again */
    assert_int_equal(ask(ABE, "POST /v1/tokens", token, body), 409);
    assert_int_equal(count(before, "token.create", "", NULL), 1);
    running_trust(&service, HEAD PEOPLE);
}

/* A query is part of the call: to forget one is not to forget the other. */
static void another_query_is_another_call(void **state)
{
    (void)state;
    running_trust(&service, TWO);
    fresh_token();
    expect(ADA, "DELETE /v1/ledger/openings?name=aude", "", 202, "name=aude");
    expect(ABE, "DELETE /v1/ledger/openings?name=olaf", "", 202, "name=olaf");
    running_trust(&service, HEAD PEOPLE);
}

static void what_takes_one_takes_one(void **state)
{
    (void)state;
    running_trust(&service, TWO);
    fresh_token();
    expect(ELLA, "POST /v1/eks", "{}", 400, "");
    expect(OLAF, "POST /v1/policy?dry_run=1", "", 422, "");
    running_trust(&service, HEAD PEOPLE);
}

static void what_waits_may_be_withdrawn(void **state)
{
    (void)state;
    char id[17], line[64];
    running_trust(&service, TWO);
    fresh_token();
    uint64_t before = entries();
    expect(ELLA, "POST /v1/tokens", token, 202, "waiting");
    id_of(ELLA, id);
    snprintf(line, sizeof line, "DELETE /v1/two-person/%s", id);
    expect(AUDE, line, "", 403, "role-lacking");
    expect(ABE, line, "", 204, "");
    expect(ABE, line, "", 404, "two-person-not-found");
    expect(ABE, "DELETE /v1/two-person/x", "", 404, "two-person-not-found");
    assert_int_equal(count(before, "two-person.withdraw", "", NULL), 1);
    expect(ADA, "POST /v1/tokens", token, 202, "waiting"); /* the first again */
    expect(ADA, "DELETE /v1/nodes/x", "", 202, "waiting");
    id_of(ELLA, id);
    snprintf(line, sizeof line, "DELETE /v1/two-person/%s", id);
    expect(ELLA, line, "", 403, "only who may make this call"); /* who enrols, and not removes */
    expect(ADA, line, "", 204, "");
    running_trust(&service, HEAD PEOPLE);
}

static void a_changed_policy_forgets_what_waits(void **state)
{
    (void)state;
    running_trust(&service, TWO);
    fresh_token();
    expect(ELLA, "POST /v1/tokens", token, 202, "waiting");
    running_trust(&service, TWO "\n# again\n");
    expect(AUDE, "GET /v1/two-person", "", 200, "\"waiting\": []");
    expect(ADA, "POST /v1/tokens", token, 202, "\"by\": \"adam\"");
    running_trust(&service, HEAD PEOPLE);
}

static void T20_an_agreement_that_is_not_recorded_carries_out_nothing(void **state)
{
    (void)state;
    char body[2048];
    running_trust(&service, TWO);
    fresh_token();
    expect(ELLA, "POST /v1/tokens", token, 202, "waiting");
    uint64_t before = entries();
    /* each statement on the way of the second person's call fails once */
    for (unsigned long nth = 1; nth <= 24; nth++) {
        store_fail_nth(service.server->store, nth);
        int status = ask(ADA, "POST /v1/tokens", token, body);
        store_fail_nth(service.server->store, 0);
        size_t agreed = count(before, "two-person.agree", "", NULL);
        size_t made = count(before, "token.create", "", NULL);
        if (made > agreed || (status == 201) != (made == 1) || (status != 201 && status != 503))
            fail_msg("statement %lu: %d, %zu agreed, %zu made: %s", nth, status, agreed, made,
                     body);
        if (agreed > 0)
            break;
    }
    assert_int_equal(count(before, "two-person.agree", "", NULL), 1);
    running_trust(&service, HEAD PEOPLE);
}

static void *agree(void *ctx)
{
    char body[2048];
    size_t who = *(const size_t *)ctx;
    return (void *)(intptr_t)ask(who, "POST /v1/tokens", token, body);
}

static void of_two_seconds_at_once_one_carries_out(void **state)
{
    (void)state;
    static size_t who[] = {ADA, ABE};
    pthread_t threads[2];
    void *status[2];
    for (int round = 0; round < 10; round++) {
        running_trust(&service, TWO);
        fresh_token();
        uint64_t before = entries();
        expect(ELLA, "POST /v1/tokens", token, 202, "waiting");
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, agree, &who[i]), 0);
        for (size_t i = 0; i < 2; i++)
            pthread_join(threads[i], &status[i]);
        if ((intptr_t)status[0] + (intptr_t)status[1] != 201 + 409)
            fail_msg("%d %d", (int)(intptr_t)status[0], (int)(intptr_t)status[1]);
        assert_int_equal(count(before, "token.create", "", NULL), 1);
    }
    running_trust(&service, HEAD PEOPLE);
}

/* A monitor's certificate needs no role, and learns nothing but that. */
static void a_probe_needs_no_role(void **state)
{
    (void)state;
    expect(MALLORY, "GET /healthz", "", 200, "\"ok\"");
    expect(MALLORY, "GET /readyz", "", 503, "\"not-ready\"");
    expect(MALLORY, "GET /metrics", "", 403, "no-role");
    expect(MALLORY, "POST /readyz", "", 403, "no-role");
}

/* The founder, whom no AccessPolicy of ours names. */
static void as_founder(const char *line, const char *payload, int status, const char *part)
{
    char body[2048];
    int found = running_ask(service.api, &kit_people()->operator, line, payload, body, sizeof body);
    if (found != status || !strstr(body, part))
        fail_msg("%s as the founder: %d %s, not %d %s", line, found, body, status, part);
}

static void note(int result)
{
    struct gb_err err = {0};
    if (result < 0)
        (void)gb_err_set(&err, result, "as keyd says");
    courier_note(service.server, result, &err);
}

static bool is_trusting(void)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(service.server->trust);
    return snapshot_fault(snapshot) == NULL;
}

/* A database that was set back: keyd knows, and nobody has the roles of then. */
static void T17_what_keyd_refuses_gives_nobody_a_role(void **state)
{
    (void)state;
    running_trust(&service, TWO);
    fresh_token();
    as_founder("GET /v1/nodes", "", 403, "no-role");
    note(GB_ERR_DENIED);
    for (int round = 0; round < 2; round++) {
        assert_false(is_trusting());
        expect(ADA, "GET /v1/nodes", "", 403, "no document counts (");
        expect(ADA, "GET /v1/nodes", "", 403, "no-role");
        expect(OLAF, "POST /v1/policy?dry_run=1", "", 403, "no-role");
        as_founder("GET /v1/nodes", "", 200, "nodes");
        as_founder("POST /v1/policy?dry_run=1", "", 422, "policy-invalid");
        /* the two-person rule is not to be had around */
        as_founder("POST /v1/tokens", token, 503, "policy-not-counted");
        as_founder("DELETE /v1/nodes/x", "", 503, "policy-not-counted");
        as_founder("POST /v1/nodes/x/attest", "", 503, "policy-not-counted");
        note(GB_ERR_IO); /* away: what keyd said last holds */
    }
    note(GB_OK); /* what is stored here, which is nothing, counts again */
    assert_true(is_trusting());
    as_founder("POST /v1/tokens", token, 201, "token");
    running_trust(&service, HEAD PEOPLE);
}

/* Since the start keyd has said nothing: the documents may be old ones. */
static void T17_until_keyd_agrees_people_only_look(void **state)
{
    (void)state;
    fresh_token();
    atomic_store(&service.server->courier.agreed, false);
    note(GB_ERR_IO);
    assert_true(is_trusting()); /* rounds go on */
    expect(ADA, "GET /v1/nodes", "", 200, "nodes");
    expect(OLAF, "POST /v1/policy?dry_run=1", "", 422, "policy-invalid");
    expect(ELLA, "POST /v1/tokens", token, 503, "policy-awaited");
    expect(ADA, "DELETE /v1/nodes/x", "", 503, "policy-awaited");
    expect(ELLA, "DELETE /v1/nodes/x", "", 403, "role-lacking");
    note(GB_OK);
    expect(ELLA, "POST /v1/tokens", token, 201, "token");
    note(GB_ERR_IO); /* it has agreed once */
    expect(ADA, "DELETE /v1/nodes/x", "", 404, "node-not-found");
    note(GB_OK);
}

/* Who has no role cannot fill the disk, and none of it is forgotten. */
static void T29_refusals_are_entries_as_long_as_they_are_few(void **state)
{
    (void)state;
    char text[4096], part[64];
    enum { CALLS = REFUSED_BURST + 30 };
    struct kit_id gus = kit_id(&kit_people()->ca, "URI:spiffe://example/operator/gus", 0);
    uint64_t before = entries();
    for (size_t i = 0; i < CALLS; i++) {
        char body[2048];
        assert_int_equal(running_ask(service.api, &gus, "GET /v1/nodes", "", body, sizeof body),
                         403);
        assert_non_null(strstr(body, "no-role"));
    }
    kit_id_done(&gus);
    size_t own = count(before, "call.refused", "no-role", NULL);
    assert_in_range(own, REFUSED_BURST, REFUSED_BURST + 20); /* some seconds have passed */
    refused_tell(service.server, true);
    snprintf(part, sizeof part, "{\"more\":%zu}", CALLS - own);
    assert_int_equal(count(before, "call.refused", part, text), 1);
    assert_non_null(strstr(text, "\"who\":{\"commitment\""));
    before = entries();
    refused_tell(service.server, true);
    assert_int_equal(entries(), before);
}

static void whoami(void **state)
{
    (void)state;
    expect(ELLA, "GET /v1/whoami", "", 200, "\"name\": \"ella\"");
    expect(ELLA, "GET /v1/whoami", "", 200, "\"enroller\"");
    expect(ELLA, "GET /v1/whoami", "", 200, "AccessPolicy people version 1");
    expect(MALLORY, "GET /v1/whoami", "", 403, "you are mallory (by certificate)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T19_each_role_may_what_the_table_says_and_no_more),
        cmocka_unit_test(every_call_of_a_person_leaves_an_entry),
        cmocka_unit_test(what_the_router_refuses_is_an_entry_too),
        cmocka_unit_test(what_a_handler_refuses_is_an_entry_too),
        cmocka_unit_test(T20_nor_is_a_later_refusal_told_without_a_record),
        cmocka_unit_test(an_entry_says_who_how_what_and_over_which_body),
        cmocka_unit_test(no_words_of_a_person_stand_in_the_ledger),
        cmocka_unit_test(a_person_can_say_why),
        cmocka_unit_test(nothing_is_changed_before_the_start_is_on_record),
        cmocka_unit_test(T19_no_name_can_be_guessed_from_the_ledger),
        cmocka_unit_test(whom_to_forget_stands_in_no_entry),
        cmocka_unit_test(T20_without_a_record_no_call_is_carried_out),
        cmocka_unit_test(two_people_do_what_one_may_not),
        cmocka_unit_test(another_query_is_another_call),
        cmocka_unit_test(what_takes_one_takes_one),
        cmocka_unit_test(what_waits_may_be_withdrawn),
        cmocka_unit_test(a_changed_policy_forgets_what_waits),
        cmocka_unit_test(T20_an_agreement_that_is_not_recorded_carries_out_nothing),
        cmocka_unit_test(of_two_seconds_at_once_one_carries_out),
        cmocka_unit_test(a_probe_needs_no_role),
        cmocka_unit_test(T17_what_keyd_refuses_gives_nobody_a_role),
        cmocka_unit_test(T17_until_keyd_agrees_people_only_look),
        cmocka_unit_test(T29_refusals_are_entries_as_long_as_they_are_few),
        cmocka_unit_test(whoami),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
