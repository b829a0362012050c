#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "../wire/make_jwt.h"
#include "base/clock.h"
#include "base/encode.h"
#include "running.h"
#include "server/api/bearer.h"
#include "store/store.h"

#define ISSUER "https://id.example/realm"
#define OTHER  "https://other.example"

static struct running service;
static EVP_PKEY *ec, *rsa, *foreign;

/* Keys in the document; who comes in by subject, and who by a group. */
static const char *policy(const char *audience, const char *algorithms)
{
    return gb_arena_printf(
        service.arena,
        "apiVersion: garboard.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: people, version: "
        "1}\n"
        "spec:\n  issuers:\n    - issuer: " ISSUER "\n      audience: %s\n      algorithms: [%s]\n"
        "      jwks: {keys: [%s, %s]}\n"
        "    - {issuer: " OTHER ", audience: garboard, algorithms: [ES256], jwks: {keys: [%s]}}\n"
        "  people:\n"
        "    - {name: anna, roles: [admin, security-officer]}\n"
        "    - {name: bob, token: {issuer: " ISSUER ", subject: b-1}, roles: [enroller]}\n"
        "    - {name: sec-team, token: {issuer: " ISSUER
        ", claim: groups, value: security}, roles: "
        "[auditor]}\n"
        "    - {name: helpers, token: {issuer: " ISSUER
        ", claim: groups, value: helpers}, roles: [enroller]}\n"
        "    - {name: others, token: {issuer: " OTHER
        ", claim: groups, value: all}, roles: [enroller]}\n",
        audience, algorithms, make_jwk(service.arena, ec, ",\"kid\":\"e\""),
        make_jwk(service.arena, rsa, ",\"kid\":\"r\""),
        make_jwk(service.arena, ec, ",\"kid\":\"e\""));
}

static int setup(void **state)
{
    (void)state;
    running_start_people(&service);
    ec = make_jwt_key(JWT_ES256, 0);
    rsa = make_jwt_key(JWT_RS256, 2048);
    foreign = make_jwt_key(JWT_ES256, 0);
    running_trust(&service, policy("garboard", "ES256, RS256"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    running_stop(&service);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(foreign);
    return 0;
}

struct token_claims {
    const char *issuer, *audience, *subject, *more;
    long long exp, nbf, iat; /* from now; 0: left out */
};

static const char *payload(const struct token_claims *c)
{
    long long now = gb_clock_s();
    char times[128] = "";
    size_t len = 0;
    if (c->exp)
        len += (size_t)snprintf(times + len, sizeof times - len, ",\"exp\":%lld", now + c->exp);
    if (c->nbf)
        len += (size_t)snprintf(times + len, sizeof times - len, ",\"nbf\":%lld", now + c->nbf);
    if (c->iat)
        (void)snprintf(times + len, sizeof times - len, ",\"iat\":%lld", now + c->iat);
    return gb_arena_printf(service.arena, "{\"iss\":\"%s\",\"aud\":%s,\"sub\":\"%s\"%s%s}",
                           c->issuer, c->audience, c->subject, times, c->more ? c->more : "");
}

static struct token_claims good(void)
{
    return (struct token_claims){
        .issuer = ISSUER, .audience = "[\"x\",\"garboard\"]", .subject = "b-1", .exp = 300};
}

static const char *es256(const struct token_claims *c)
{
    return make_jwt(service.arena, ec, JWT_ES256, "{\"alg\":\"ES256\",\"kid\":\"e\"}", payload(c));
}

static int show(const char *line, const char *token, char *body, size_t size)
{
    const char *header = gb_arena_printf(service.arena, "Authorization: Bearer %s\r\n", token);
    return running_ask_with(service.people, NULL, line, header, "", body, size);
}

static void expect(const char *token, const char *line, int status, const char *part)
{
    char body[4096];
    int found = show(line, token, body, sizeof body);
    if (found != status || !strstr(body, part))
        fail_msg("%s: %d %s, not %d %s", line, found, body, status, part);
}

static void a_token_opens_what_its_roles_may(void **state)
{
    (void)state;
    struct token_claims bob = good(), member = good();
    member.subject = "somebody";
    member.more = ",\"groups\":[\"cooks\",\"security\"],\"email\":\"anna@example\"";
    expect(es256(&bob), "GET /v1/tokens", 200, "\"tokens\"");
    expect(es256(&bob), "GET /v1/policy", 403, "role-lacking");
    expect(es256(&bob), "GET /v1/policy", 403, "bob has: enroller");
    expect(es256(&member), "GET /v1/policy", 200, "\"documents\"");
    expect(es256(&member), "DELETE /v1/nodes/x", 403, "sec-team has: auditor");
    expect(
        make_jwt(service.arena, rsa, JWT_RS256, "{\"alg\":\"RS256\",\"kid\":\"r\"}", payload(&bob)),
        "GET /v1/tokens", 200, "\"tokens\"");
    expect(es256(&bob), "POST /v1/attest", 403, "\"forbidden\""); /* a person is no node */
}

/* Each differs from a good token in one thing only. */
static void T19_a_token_that_is_wrong_in_one_thing_opens_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct token_claims c;
        const char *part;
    } cases[] = {
        {"another issuer", {ISSUER "/", "\"garboard\"", "b-1", "", 300, 0, 0}, "issuer (iss)"},
        {"another audience", {ISSUER, "\"other\"", "b-1", "", 300, 0, 0}, "(aud)"},
        {"an audience that begins alike",
         {ISSUER, "[\"garboard2\"]", "b-1", "", 300, 0, 0},
         "(aud)"},
        {"expired", {ISSUER, "\"garboard\"", "b-1", "", -61, 0, 0}, "ended"},
        {"not yet valid", {ISSUER, "\"garboard\"", "b-1", "", 300, 90, 0}, "begins"},
        {"issued in the future", {ISSUER, "\"garboard\"", "b-1", "", 300, 0, 90}, "issued"},
        {"without an end", {ISSUER, "\"garboard\"", "b-1", "", 0, 0, 0}, "exp"},
        {"without a subject", {ISSUER, "\"garboard\"", "", "", 300, 0, 0}, "(sub)"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        char body[4096];
        int status = show("GET /v1/tokens", es256(&cases[i].c), body, sizeof body);
        if (status != 401 || !strstr(body, "\"bearer-invalid\"") || !strstr(body, cases[i].part))
            fail_msg("%s: %d %s", cases[i].name, status, body);
    }
}

static void a_minute_between_clocks_is_forgiven(void **state)
{
    (void)state;
    struct token_claims late = good(), early = good();
    late.exp = -50;
    early.nbf = early.iat = 50;
    expect(es256(&late), "GET /v1/tokens", 200, "");
    expect(es256(&early), "GET /v1/tokens", 200, "");
}

static void T19_no_algorithm_of_the_tokens_own_choice(void **state)
{
    (void)state;
    struct token_claims c = good();
    const char *text = payload(&c), *rest;
    struct gb_arena *arena = service.arena;
    /* none, and none with somebody's signature */
    rest = gb_arena_printf(arena, "%s.%s.", gb_base64url(arena, gb_bytes_str("{\"alg\":\"none\"}")),
                           gb_base64url(arena, gb_bytes_str(text)));
    expect(rest, "GET /v1/tokens", 401, "bearer-invalid");
    expect(make_jwt(arena, ec, JWT_ES256, "{\"alg\":\"none\",\"kid\":\"e\"}", text),
           "GET /v1/tokens", 401, "bearer-invalid");
    /* HS256 keyed with the public key, as its JSON stands in the document */
    const char *jwk = make_jwk(arena, rsa, ",\"kid\":\"r\"");
    uint8_t mac[32];
    size_t len = 0;
    const char *input = gb_arena_printf(
        arena, "%s.%s", gb_base64url(arena, gb_bytes_str("{\"alg\":\"HS256\",\"kid\":\"r\"}")),
        gb_base64url(arena, gb_bytes_str(text)));
    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, jwk, strlen(jwk),
                              (const uint8_t *)input, strlen(input), mac, sizeof mac, &len));
    expect(gb_arena_printf(arena, "%s.%s", input, gb_base64url(arena, gb_bytes(mac, len))),
           "GET /v1/tokens", 401, "bearer-invalid");
    /* an algorithm of ours, but not of this policy; one key's name on another's signature */
    expect(make_jwt(arena, rsa, JWT_PS256, "{\"alg\":\"PS256\",\"kid\":\"r\"}", text),
           "GET /v1/tokens", 401, "bearer-invalid");
    expect(make_jwt(arena, foreign, JWT_ES256, "{\"alg\":\"ES256\",\"kid\":\"e\"}", text),
           "GET /v1/tokens", 401, "signature");
    expect(make_jwt(arena, ec, JWT_ES256, "{\"alg\":\"ES256\",\"kid\":\"z\"}", text),
           "GET /v1/tokens", 401, "\\\"z\\\"");
    expect(make_jwt(arena, ec, JWT_ES256, "{\"alg\":\"ES256\"}", text), "GET /v1/tokens", 401,
           "(kid)");
    running_trust(&service, policy("garboard", "RS256"));
    expect(es256(&c), "GET /v1/tokens", 401, "bearer-invalid");
    running_trust(&service, policy("garboard", "ES256, RS256"));
    expect(es256(&c), "GET /v1/tokens", 200, "");
}

/* Names and mail addresses are what anybody may call themselves. */
static void T19_who_the_policy_does_not_name_has_no_role(void **state)
{
    (void)state;
    struct token_claims c = good();
    c.subject = "anna";
    c.more = ",\"name\":\"bob\",\"preferred_username\":\"bob\",\"email\":\"bob@example\"";
    expect(es256(&c), "GET /v1/nodes", 403, "\"no-role\"");
    expect(es256(&c), "GET /no/such/path", 403, "\"no-role\""); /* and learns nothing */
}

static void T19_without_a_token_there_is_nothing(void **state)
{
    (void)state;
    static const char *const headers[] = {"",
                                          "Authorization: Basic YTpi\r\n",
                                          "Authorization: Bearer \r\n",
                                          "Authorization: Bearerx\r\n",
                                          "Authorization: bearer x.y.z\r\n",
                                          "Authorization: Bearer x\r\nAuthorization: Bearer x\r\n"};
    static const char *const lines[] = {"GET /v1/nodes", "GET /healthz", "GET /no/such/path",
                                        "POST /v1/enroll/begin"};
    char body[4096];
    for (size_t i = 0; i < GB_ARRAY_LEN(headers); i++)
        for (size_t j = 0; j < GB_ARRAY_LEN(lines); j++) {
            int status =
                running_ask_with(service.people, NULL, lines[j], headers[i], "", body, sizeof body);
            if (status != (i == 5 ? 400 : 401))
                fail_msg("%s %s: %d %s", lines[j], headers[i], status, body);
        }
    /* a certificate is not looked at, nor a token where certificates count */
    assert_int_equal(running_ask(service.people, &kit_people()->operator, "GET /v1/nodes", "", body,
                                 sizeof body),
                     401);
    struct token_claims c = good();
    const char *header = gb_arena_printf(service.arena, "Authorization: Bearer %s\r\n", es256(&c));
    assert_int_equal(
        running_ask_with(service.api, NULL, "GET /v1/tokens", header, "", body, sizeof body), -1);
    assert_int_equal(
        running_ask_with(service.enroll, NULL, "GET /v1/tokens", header, "", body, sizeof body),
        404);
}

static void T29_a_huge_token_costs_nothing(void **state)
{
    (void)state;
    static char token[20 << 10];
    char body[4096];
    memset(token, 'a', sizeof token - 1);
    token[13 << 10] = '\0';
    assert_int_equal(show("GET /v1/nodes", token, body, sizeof body), 401);
    assert_non_null(strstr(body, "longer"));
    token[13 << 10] = 'a';
    assert_int_equal(show("GET /v1/nodes", token, body, sizeof body), 431);
}

/* 60 MB of whoever has no good token, or no role for it: not a byte is waited for. */
static void T29_no_body_is_read_before_the_token_is_good(void **state)
{
    (void)state;
    struct token_claims c = good();
    static const struct {
        const char *token;
        int status;
    } cases[] = {{"x.y.z", 401}, {NULL, 403}};
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct kit_client client;
        char body[4096];
        const char *token = cases[i].token ? cases[i].token : es256(&c);
        assert_true(kit_connect(&client, service.people, NULL, NULL, TLS1_3_VERSION));
        assert_true(kit_say(&client, gb_arena_printf(service.arena,
                                                     "POST /v1/policy HTTP/1.1\r\nHost: x\r\n"
                                                     "Authorization: Bearer %s\r\n"
                                                     "Content-Length: 60000000\r\n\r\n",
                                                     token)));
        assert_int_equal(kit_answer(&client, body, sizeof body), cases[i].status);
        assert_true(kit_ended(&client));
        kit_client_done(&client);
    }
}

/* Head, then the body a while later: the token was verified once, and its end still counts. */
static void what_was_judged_before_the_body_is_looked_at_after_it(void **state)
{
    (void)state;
    struct token_claims c = good();
    struct kit_client client;
    char body[4096];
    const char *head = gb_arena_printf(service.arena,
                                       "POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
                                       "Authorization: Bearer %s\r\nContent-Length: 35\r\n\r\n",
                                       es256(&c));
    assert_true(kit_connect(&client, service.people, NULL, NULL, TLS1_3_VERSION));
    assert_true(kit_say(&client, head));
    usleep(50000);
    assert_true(kit_say(&client, "{\"expires_in_s\":600,\"uses\":1      }"));
    assert_int_equal(kit_answer(&client, body, sizeof body), 201);
    assert_true(kit_say(&client, head));
    usleep(50000);
    running_trust(&service, policy("garboard", "RS256")); /* bob's token is not good any more */
    assert_true(kit_say(&client, "{\"expires_in_s\":600,\"uses\":1      }"));
    assert_int_equal(kit_answer(&client, body, sizeof body), 503);
    kit_client_done(&client);
    running_trust(&service, policy("garboard", "ES256, RS256"));
}

/* Another issuer's b-1 is not our bob, whatever opens the door to them. */
static void T19_a_subject_is_one_issuers(void **state)
{
    (void)state;
    struct token_claims c = good();
    expect(es256(&c), "GET /v1/whoami", 200, "\"identity\": \"bob\"");
    c.issuer = OTHER;
    c.more = ",\"groups\":[\"all\"]";
    expect(es256(&c), "GET /v1/whoami", 200, "\"identity\": \"" OTHER " b-1\"");
}

struct looking {
    const char *value;
    size_t count;
};

static bool look(void *ctx, const struct store_opening *opening)
{
    struct looking *looking = ctx;
    looking->count += strcmp(opening->value, looking->value) == 0;
    return true;
}

static size_t openings(const char *value)
{
    struct looking looking = {.value = value};
    assert_int_equal(store_opening_each(service.server->store, look, &looking, NULL), GB_OK);
    return looking.count;
}

/* What somebody did who came in by a group is theirs, and can be forgotten with them. */
static void a_change_is_recorded_as_the_human_not_the_group(void **state)
{
    (void)state;
    struct token_claims c = good();
    char body[4096];
    c.subject = "h-1";
    c.more = ",\"groups\":[\"helpers\"]";
    const char *header = gb_arena_printf(service.arena, "Authorization: Bearer %s\r\n", es256(&c));
    assert_int_equal(running_ask_with(service.people, NULL, "POST /v1/tokens", header,
                                      "{\"expires_in_s\":600,\"uses\":1}", body, sizeof body),
                     201);
    assert_int_equal(openings(ISSUER " h-1"), 2); /* the call, and the change */
    assert_int_equal(openings("helpers"), 0);
}

/* An end beyond all time is an end like another: no sum runs over (this builds with UBSan, too). */
static void T29_the_last_of_all_seconds_is_no_overflow(void **state)
{
    (void)state;
    struct token_claims c = good();
    struct kit_client client;
    char body[4096];
    c.exp = 0;
    c.more = ",\"exp\":9223372036854775807";
    const char *head = gb_arena_printf(service.arena,
                                       "POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
                                       "Authorization: Bearer %s\r\nContent-Length: 35\r\n\r\n",
                                       es256(&c));
    assert_true(kit_connect(&client, service.people, NULL, NULL, TLS1_3_VERSION));
    assert_true(kit_say(&client, head));
    usleep(50000);
    assert_true(kit_say(&client, "{\"expires_in_s\":600,\"uses\":1      }"));
    assert_int_equal(kit_answer(&client, body, sizeof body), 201);
    kit_client_done(&client);
    expect(es256(&c), "GET /v1/whoami", 200, "bob");
}

static void words_of_the_header(void **state)
{
    (void)state;
    static const struct {
        const char *header, *token;
    } cases[] = {{"Bearer abc", "abc"}, {"bEARER abc", "abc"}, {"Bearer", ""}, {"Bearer ", ""},
                 {"Basic abc", ""},     {"Bearerabc", ""},     {"", ""}};
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++)
        assert_true(gb_bytes_is(bearer_token(gb_bytes_str(cases[i].header)), cases[i].token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_opens_what_its_roles_may),
        cmocka_unit_test(T19_a_token_that_is_wrong_in_one_thing_opens_nothing),
        cmocka_unit_test(a_minute_between_clocks_is_forgiven),
        cmocka_unit_test(T19_no_algorithm_of_the_tokens_own_choice),
        cmocka_unit_test(T19_who_the_policy_does_not_name_has_no_role),
        cmocka_unit_test(T19_without_a_token_there_is_nothing),
        cmocka_unit_test(T29_a_huge_token_costs_nothing),
        cmocka_unit_test(T29_no_body_is_read_before_the_token_is_good),
        cmocka_unit_test(what_was_judged_before_the_body_is_looked_at_after_it),
        cmocka_unit_test(T19_a_subject_is_one_issuers),
        cmocka_unit_test(a_change_is_recorded_as_the_human_not_the_group),
        cmocka_unit_test(T29_the_last_of_all_seconds_is_no_overflow),
        cmocka_unit_test(words_of_the_header),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
