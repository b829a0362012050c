#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/check.h"
#include "cli/ledger/ledger_words.h"
#include "wire/json.h"

#define ENTRY(what, whom, data)                                                                    \
    "{\"entry\":{\"v\":1,\"at\":\"2026-11-29T01:02:03.456Z\",\"what\":\"" what                     \
    "\",\"who\":{\"commitment\":\"00\"},\"whom\":\"" whom "\",\"why\":\"\",\"data\":" data "}"
#define ALICE ",\"openings\":{\"who\":{\"value\":\"alice\",\"salt\":\"00\"}}"
#define KEY   "019bbf0123456789"

static struct json *read_it(const char *text)
{
    struct json *value = NULL;
    assert_int_equal(json_read(gb_bytes_str(text), &value, NULL), 0);
    return value;
}

static void expect(const char *item, const char *line)
{
    static const char at[] = "2026-11-29T01:02:03.456Z  ";
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(json_freep) struct json *tree = read_it(item);
    const char *words = ledger_words(arena, tree);
    assert_int_equal(strncmp(words, at, sizeof at - 1), 0);
    assert_string_equal(words + sizeof at - 1, line);
}

static void an_officer_can_read_it(void **state)
{
    (void)state;
    expect(ENTRY("call", "",
                 "{\"how\":\"certificate\",\"roles\":[\"admin\"],\"method\":\"POST\","
                 "\"path\":\"/v1/tokens\"}") ALICE "}",
           "alice  call  POST /v1/tokens");
    expect(ENTRY("call.refused", "",
                 "{\"how\":\"certificate\",\"roles\":[\"auditor\",\"enroller\"],\"method\":"
                 "\"DELETE\",\"path\":\"/v1/nodes/x\",\"refused\":\"role-lacking\"}") ALICE "}",
           "alice  call.refused  DELETE /v1/nodes/x refused: role-lacking (roles: auditor, "
           "enroller)");
    expect(ENTRY("call.refused", "",
                 "{\"how\":\"certificate\",\"method\":\"DELETE\",\"path\":\"/v1/nodes/x\","
                 "\"refused\":\"node-not-found\"}") ALICE "}",
           "alice  call.refused  DELETE /v1/nodes/x refused: node-not-found");
    expect(ENTRY("policy.apply", "policy",
                 "{\"policy\":\"-\",\"count\":3,\"documents\":[{\"kind\":\"AccessPolicy\","
                 "\"name\":\"people\",\"version\":2,\"signers\":[\"" KEY "\",\"" KEY "\"]},"
                 "{\"kind\":\"NodePolicy\",\"name\":\"nodes\",\"version\":7,\"signers\":[]}]}")
               ALICE "}",
           "alice  policy.apply  policy  AccessPolicy people v2 signed by 019bbf012345…, "
           "019bbf012345…; NodePolicy nodes v7; and 1 more");
    expect(ENTRY("policy.refused", "",
                 "{\"count\":1,\"documents\":[{\"kind\":\"NodePolicy\",\"name\":\"nodes\","
                 "\"version\":7}],\"dry_run\":true,\"refused\":\"policy-unsigned\"}") ALICE "}",
           "alice  policy.refused  NodePolicy nodes v7 refused: policy-unsigned (a trial)");
    expect(ENTRY("verdict", "node/0b",
                 "{\"name\":\"w1\",\"verdict\":\"untrusted\",\"links\":{\"firmware\":"
                 "\"contraindicated\",\"ima\":\"warning\"},\"reason\":\"PCR 0 is new\"}") ALICE
           ",\"names\":{\"whom\":\"w1\"}}",
           "alice  verdict  node/0b (w1)  untrusted; broken: firmware: PCR 0 is new");
    expect(ENTRY("two-person.ask", "",
                 "{\"id\":\"00\",\"action\":\"node.remove\",\"method\":\"DELETE\",\"path\":"
                 "\"/v1/nodes/w1\"}") ALICE "}",
           "alice  two-person.ask  node.remove  DELETE /v1/nodes/w1");
    expect(ENTRY("token.create", "", "{\"name\":\"w1\",\"uses\":1}") ALICE "}",
           "alice  token.create  name=w1 uses=1");
}

static void whoever_is_not_known_is_not_named(void **state)
{
    (void)state;
    expect(ENTRY("call", "", "{\"method\":\"GET\",\"path\":\"/v1/nodes\"}") ",\"openings\":{}}",
           "(forgotten)  call  GET /v1/nodes");
    expect(ENTRY("call", "", "{\"method\":\"GET\",\"path\":\"/v1/nodes\"}") "}",
           "(a person)  call  GET /v1/nodes");
    expect(ENTRY("call", "", "{\"method\":\"GET\",\"path\":\"/v1/\\u001b[2J\"}") "}",
           "(a person)  call  GET /v1/\\x1b[2J");
}

static void only_calls_that_read_only_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        bool reads;
    } cases[] = {
        {ENTRY("call", "", "{\"method\":\"GET\",\"path\":\"/v1/nodes\"}") "}", true},
        {ENTRY("call", "", "{\"method\":\"DELETE\",\"path\":\"/v1/nodes/x\"}") "}", false},
        {ENTRY("call.refused", "", "{\"method\":\"GET\",\"path\":\"/v1/nodes\"}") "}", false},
        {ENTRY("verdict", "", "{}") "}", false},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        gb_cleanup(json_freep) struct json *tree = read_it(cases[i].item);
        assert_int_equal(ledger_words_only_reads(tree), cases[i].reads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_officer_can_read_it),
        cmocka_unit_test(whoever_is_not_known_is_not_named),
        cmocka_unit_test(only_calls_that_read_only_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
