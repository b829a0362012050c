#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "kit.h"
#include "net/query.h"
#include "net/route_match.h"
#include "net/router.h"

static void tell(void *ctx, const struct route_call *call)
{
    (void)ctx;
    char text[256];
    snprintf(text, sizeof text, "%u %.*s %.*s %.*s", (unsigned)call->role, (int)call->name.len,
             call->name.len ? (const char *)call->name.data : "", (int)call->params[0].len,
             call->params[0].len ? (const char *)call->params[0].data : "",
             (int)call->params[1].len,
             call->params[1].len ? (const char *)call->params[1].data : "");
    http_answer(call->request, 200, "text/plain", gb_bytes_str(text));
}

enum { ANNAS = 1, BOBS = 2 };

static const struct route table[] = {
    {HTTP_GET, "/any?x&y", ROUTE_NODE | ROUTE_PERSON, ANNAS, 0, 0, 0, tell, "any"},
    {HTTP_POST, "/node", ROUTE_NODE, 0, 0, 10, 0, tell, "nodes"},
    {HTTP_POST, "/both", ROUTE_NODE | ROUTE_PERSON, ANNAS, 0, 10, 0, tell, "nodes and people"},
    {HTTP_POST, "/renew", ROUTE_NODE, 0, 0, 10, ROUTE_EXPIRED_OK, tell, "also late"},
    {HTTP_GET, "/op/{a}/x/{b}", ROUTE_PERSON, ANNAS, 0, 0, 0, tell, "people"},
    {HTTP_DELETE, "/op/{a}/x/{b}", ROUTE_PERSON, ANNAS | BOBS, 0, 0, 0, tell, "people"},
    {HTTP_GET, "/bob", ROUTE_PERSON, BOBS, 0, 0, 0, tell, "other people"},
    {HTTP_GET, "/nobodys", ROUTE_PERSON, 0, 0, 0, 0, tell, "people without a role"},
    {HTTP_POST, "/join", ROUTE_STRANGER, 0, 0, 10, 0, tell, "strangers"},
    {HTTP_GET, "/nobody", 0, ANNAS | BOBS, 0, 0, 0, tell, "nobody at all"},
    {HTTP_NONE, "/none", ROUTE_NODE | ROUTE_PERSON | ROUTE_STRANGER, ANNAS, 0, 0, 0, tell,
     "no method"},
    {.pattern = NULL},
};

/* All people are Anna's. */
static bool annas(void *ctx, const struct route *route, const struct route_call *call)
{
    (void)ctx;
    if (call->role != ROUTE_PERSON || (route->people & ANNAS))
        return true;
    http_refuse(call->request, 403, "role-lacking", "", "");
    return false;
}

struct fixture {
    struct router router;
    struct kit_server server;
};

static void start(struct fixture *f, bool enrolment)
{
    f->router = (struct router){
        .routes = table, .trust_domain = "example", .enrolment = enrolment, .known = annas};
    f->server = kit_conf(router_handle, &f->router);
    f->server.conf.admit = router_admit;
    f->server.auth = enrolment ? TLS_AUTH_NONE : TLS_AUTH_CLIENT_CERT;
    kit_start(&f->server);
}

/* Status of one request; the body in `body`. */
static int ask(const struct fixture *f, const struct kit_id *id, const char *line,
               const char *payload, char body[512])
{
    struct kit_client client;
    char text[512];
    body[0] = '\0';
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", line,
             strlen(payload), payload);
    int status = -1;
    if (kit_connect(&client, f->server.port, id, NULL, TLS1_3_VERSION) && kit_say(&client, text))
        status = kit_answer(&client, body, 512);
    kit_client_done(&client);
    return status;
}

static void expect(const struct fixture *f, const struct kit_id *id, const char *line,
                   const char *payload, int wanted, const char *part)
{
    char body[512];
    int got = ask(f, id, line, payload, body);
    if (got != wanted || !strstr(body, part))
        fail_msg("%s: %d %s", line, got, body);
}

static void T19_what_is_not_allowed_is_denied(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct fixture f;
    start(&f, false);
    expect(&f, &who->node, "GET /any", "", 200, "2 n1  ");
    expect(&f, &who->operator, "GET /any?x=1", "", 200, "4 anna  ");
    expect(&f, &who->node, "POST /node", "0123456789", 200, "2 n1");
    expect(&f, &who->operator, "GET /op/one/x/a.b-c_d~e:f", "", 200, "4 anna one a.b-c_d~e:f");
    expect(&f, &who->operator, "DELETE /op/one/x/two", "", 200, "4 anna one two");

    expect(&f, &who->operator, "GET /bob", "", 403, "\"role-lacking\"");
    expect(&f, &who->operator, "GET /nobodys", "", 403, "\"role-lacking\"");
    expect(&f, &who->operator, "POST /node", "", 403, "\"forbidden\"");
    expect(&f, &who->node, "GET /op/a/x/b", "", 403, "\"forbidden\"");
    expect(&f, &who->node, "GET /nobody", "", 403, "\"forbidden\"");
    expect(&f, &who->operator, "GET /nobody", "", 403, "\"forbidden\"");
    expect(&f, &who->node, "POST /join", "", 403, "\"forbidden\"");
    expect(&f, &who->node, "GET /", "", 404, "\"no-such-route\"");
    expect(&f, &who->node, "GET /any/", "", 404, "\"no-such-route\"");
    expect(&f, &who->node, "GET //any", "", 404, "\"no-such-route\"");
    expect(&f, &who->node, "GET /ANY", "", 404, "\"no-such-route\"");
    expect(&f, &who->node, "GET /%61ny", "", 404, "\"no-such-route\"");
    expect(&f, &who->operator, "GET /op/../x/b", "", 404, "\"no-such-route\"");
    expect(&f, &who->operator, "GET /op/a%2fb/x/b", "", 404, "\"no-such-route\"");
    expect(&f, &who->operator, "GET /op//x/b", "", 404, "\"no-such-route\"");
    expect(&f, &who->node, "POST /any", "", 405, "\"method-not-allowed\"");
    expect(&f, &who->node, "HEAD /any", "", 405, "");
    expect(&f, &who->node, "GET /none", "", 405, "\"method-not-allowed\"");
    expect(&f, &who->node, "BREW /none", "", 405, "");
    expect(&f, &who->node, "POST /node", "01234567890", 413, "\"body-too-long\"");
    kit_stop(&f.server);
}

/* A refusal comes before the body: none of it was sent, and the connection ends. */
static void refused_unread(const struct fixture *f, const struct kit_id *id, const char *line,
                           const char *length, int wanted, const char *part)
{
    struct kit_client client;
    char text[512], body[512] = "";
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n", line,
             length);
    assert_true(kit_connect(&client, f->server.port, id, NULL, TLS1_3_VERSION));
    assert_true(kit_say(&client, text));
    int got = kit_answer(&client, body, sizeof body);
    if (got != wanted || !strstr(body, part))
        fail_msg("%s: %d %s", line, got, body);
    assert_true(kit_ended(&client));
    kit_client_done(&client);
}

/* The operator's ceiling for nodes does not bind people, whose documents are larger. */
static void T29_nodes_have_a_ceiling_of_their_own(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct fixture f;
    start(&f, false);
    f.router.node_body = 5;
    expect(&f, &who->node, "POST /both", "01234", 200, "2 n1");
    refused_unread(&f, &who->node, "POST /both", "6", 413, "\"body-too-long\"");
    expect(&f, &who->operator, "POST /both", "0123456789", 200, "4 anna");
    refused_unread(&f, &who->operator, "POST /both", "11", 413, "\"body-too-long\"");
    f.router.node_body = 20; /* the route's own comes first */
    refused_unread(&f, &who->node, "POST /both", "11", 413, "\"body-too-long\"");
    kit_stop(&f.server);
}

static void T29_no_body_is_read_of_who_is_refused(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct kit_id other = kit_id(&who->ca, "URI:spiffe://elsewhere/node/n1", 0);
    struct fixture f;
    start(&f, false);
    refused_unread(&f, &other, "POST /node", "9", 403, "\"forbidden\"");
    refused_unread(&f, &who->operator, "POST /node", "9", 403, "\"forbidden\"");
    refused_unread(&f, &who->node, "POST /no/such/path", "1000000", 404, "\"no-such-route\"");
    refused_unread(&f, &who->node, "POST /any", "1000000", 405, "\"method-not-allowed\"");
    refused_unread(&f, &who->node, "POST /node", "11", 413, "\"body-too-long\"");
    refused_unread(&f, &who->node, "POST /node?x=1", "9", 400, "\"bad-query\"");
    kit_stop(&f.server);
    kit_id_done(&other);
    start(&f, true);
    refused_unread(&f, NULL, "POST /joint", "60000", 404, "\"no-such-route\"");
    kit_stop(&f.server);
}

static bool only_anna(void *ctx, const struct route *route, const struct route_call *call)
{
    (void)ctx, (void)route;
    if (gb_bytes_is(call->name, "anna"))
        return true;
    http_refuse(call->request, 403, "unknown", "", "");
    return false;
}

static void T29_who_is_unknown_is_refused_unread(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct fixture f;
    f.router = (struct router){.routes = table, .trust_domain = "example", .known = only_anna};
    f.server = kit_conf(router_handle, &f.router);
    f.server.conf.admit = router_admit;
    kit_start(&f.server);
    refused_unread(&f, &who->node, "POST /node", "9", 403, "\"unknown\"");
    expect(&f, &who->node, "GET /any", "", 403, "\"unknown\"");
    expect(&f, &who->operator, "GET /any", "", 200, "4 anna");
    expect(&f, &who->operator, "POST /node", "", 403, "\"forbidden\""); /* asked after the table */
    kit_stop(&f.server);
}

static void what_a_route_does_not_know_is_not_passed_over(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct fixture f;
    start(&f, false);
    expect(&f, &who->node, "GET /any?x=1&y=2", "", 200, "");
    expect(&f, &who->node, "GET /any?&x", "", 200, "");
    expect(&f, &who->node, "GET /any?z=1", "", 400, "\"bad-query\"");
    expect(&f, &who->node, "GET /any?x=1&z", "", 400, "\"bad-query\"");
    expect(&f, &who->node, "GET /any?x=1&x=1", "", 400, "\"bad-query\"");
    expect(&f, &who->node, "GET /any?x=%zz", "", 400, "\"bad-query\"");
    expect(&f, &who->node, "GET /any?x=%00", "", 400, "\"bad-query\"");
    expect(&f, &who->node, "GET /any?x&y=1&%78=1", "", 400, "\"bad-query\"");
    expect(&f, &who->node, "GET /any?=1", "", 400, "\"bad-query\"");
    expect(&f, &who->node, "GET /any?x&y&", "", 200, "");
    expect(&f, &who->node, "GET /any?x%26y=1", "", 400, "\"bad-query\"");
    kit_stop(&f.server);
}

static void T19_only_our_own_names_count(void **state)
{
    (void)state;
    static const char *const names[] = {
        NULL,
        "DNS:example",
        "URI:spiffe://elsewhere/node/n1",
        "URI:spiffe://example.org/node/n1",
        "URI:spiffe://example/server",
        "URI:spiffe://example/operator/",
        "URI:spiffe://example/operator/a/b",
        "URI:spiffe://example/node/n1,URI:spiffe://example/operator/anna",
        "URI:https://example/operator/anna",
    };
    struct fixture f;
    start(&f, false);
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++) {
        struct kit_id id = kit_id(&kit_people()->ca, names[i], 0);
        expect(&f, &id, "GET /any", "", 403, "\"forbidden\"");
        expect(&f, &id, "GET /not-there", "", 403, "\"forbidden\"");
        kit_id_done(&id);
    }
    kit_stop(&f.server);
}

/* A node that was not seen trusted yet proves itself like any other; elsewhere it is nobody. */
static void a_joining_node_is_a_node_here(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct kit_id joining = kit_id(&who->ca, "URI:spiffe://example/joining/n1", 0);
    struct kit_id nameless = kit_id(&who->ca, "URI:spiffe://example/joining/", 0);
    struct kit_id late = kit_id(&who->ca, "URI:spiffe://example/joining/n1", 1600000000);
    struct fixture f;
    f.router = (struct router){.routes = table, .trust_domain = "example"};
    f.server = kit_conf(router_handle, &f.router);
    f.server.conf.admit = router_admit;
    kit_start(&f.server);
    expect(&f, &joining, "GET /any", "", 200, "2 n1");
    expect(&f, &nameless, "GET /any", "", 403, "\"forbidden\"");
    expect(&f, &late, "POST /renew", "", 200, "2 n1");
    expect(&f, &late, "GET /any", "", 403, "certificate-expired");
    kit_stop(&f.server);
    kit_id_done(&joining);
    kit_id_done(&nameless);
    kit_id_done(&late);
}

/* Without anybody who judges their roles, people may nothing. */
static void T19_people_whom_nobody_judges_may_nothing(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct fixture f;
    f.router = (struct router){.routes = table, .trust_domain = "example"};
    f.server = kit_conf(router_handle, &f.router);
    f.server.conf.admit = router_admit;
    kit_start(&f.server);
    expect(&f, &who->operator, "GET /any", "", 403, "\"forbidden\"");
    expect(&f, &who->node, "GET /any", "", 200, "2 n1");
    kit_stop(&f.server);
}

static bool renames(void *ctx, struct route_call *call)
{
    (void)ctx;
    if (call->role != ROUTE_PERSON)
        return true;
    call->name = gb_bytes_str("bob");
    http_request_keep(call->request, ctx);
    return true;
}

struct later {
    struct loop *loop;
    struct http_request *request;
    struct route_refusal why;
};

static void refuse_now(void *ctx)
{
    struct later *later = ctx;
    router_refuse(later->request, &later->why);
    free(later);
}

/* As a server does that writes it down first. */
static void refuse_later(void *ctx, const struct route_call *call, const struct route_refusal *why)
{
    (void)ctx;
    struct later *later = malloc(sizeof *later);
    *later = (struct later){http_request_loop(call->request), call->request, *why};
    assert_true(loop_post(later->loop, refuse_now, later));
}

static void enter(void *ctx, const struct route *route, const struct route_call *call)
{
    assert_ptr_equal(http_request_kept(call->request), call->role == ROUTE_PERSON ? ctx : NULL);
    route->handle(ctx, call);
}

/* Refusals may come from elsewhere and later: before the body, and behind one that is here. */
static void a_refusal_may_take_its_time(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct fixture f;
    f.router = (struct router){.routes = table,
                               .trust_domain = "example",
                               .ctx = &f,
                               .identify = renames,
                               .known = annas,
                               .refuse = refuse_later,
                               .enter = enter};
    f.server = kit_conf(router_handle, &f.router);
    f.server.conf.admit = router_admit;
    kit_start(&f.server);
    expect(&f, &who->operator, "GET /any", "", 200, "4 bob");
    refused_unread(&f, &who->operator, "POST /node", "9", 403, "\"forbidden\"");
    refused_unread(&f, &who->node, "POST /no/such/path", "1000000", 404, "\"no-such-route\"");
    struct kit_client client;
    char body[512];
    assert_true(kit_connect(&client, f.server.port, &who->operator, NULL, TLS1_3_VERSION));
    for (int i = 0; i < 3; i++) { /* the connection lives on, with the next request behind */
        assert_true(kit_say(&client, "POST /any HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
                                     "GET /any HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(kit_answer(&client, body, sizeof body), 405);
        assert_int_equal(kit_answer(&client, body, sizeof body), 200);
    }
    assert_true(kit_say(&client, "PUT /any HTTP/1.1\r\nHost: x\r\n\r\n")); /* and gone */
    kit_client_done(&client);
    assert_true(kit_wait_closed(&f.server));
    kit_stop(&f.server);
}

static void T19_strangers_only_enrol(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, true);
    expect(&f, NULL, "POST /join", "x", 200, "1 ");
    expect(&f, NULL, "GET /any", "", 403, "\"forbidden\"");
    expect(&f, NULL, "POST /node", "", 403, "\"forbidden\"");
    expect(&f, &kit_people()->operator, "GET /any", "", 403, "\"forbidden\"");
    kit_stop(&f.server);
}

static void a_certificate_past_its_date_may_only_renew(void **state)
{
    (void)state;
    struct kit_id late = kit_id(&kit_people()->ca, "URI:spiffe://example/node/n1", 1600000000);
    struct fixture f;
    start(&f, false);
    expect(&f, &late, "GET /any", "", 403, "\"certificate-expired\"");
    expect(&f, &late, "POST /renew", "", 200, "2 n1");
    kit_stop(&f.server);
    kit_id_done(&late);
}

/* A connection that was opened in time does not outlive its certificate. */
static void a_date_counts_on_a_kept_connection_too(void **state)
{
    (void)state;
    int64_t end_s = (int64_t)time(NULL) + 1;
    struct kit_id late = kit_id(&kit_people()->ca, "URI:spiffe://example/node/n1", end_s);
    struct fixture f;
    start(&f, false);
    struct kit_client client;
    assert_true(kit_connect(&client, f.server.port, &late, NULL, TLS1_3_VERSION));
    int status = 200;
    for (int i = 0; i < 2000 && status == 200; i++) {
        struct timespec some = {.tv_nsec = 5000000};
        assert_true(kit_say(&client, "GET /any HTTP/1.1\r\nHost: x\r\n\r\n"));
        status = kit_answer(&client, NULL, 0);
        nanosleep(&some, NULL);
    }
    assert_int_equal(status, 403);
    kit_client_done(&client);
    kit_stop(&f.server);
    kit_id_done(&late);
}

static void matching(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool wanted;
    } cases[] = {{"/", "/", true},
                 {"/a", "/a", true},
                 {"/a", "/", false},
                 {"/", "/a", false},
                 {"/a", "/a/", false},
                 {"/a/", "/a", false},
                 {"/{x}", "/a", true},
                 {"/{x}", "/", false},
                 {"/{x}", "/a/b", false},
                 {"/a/{x}/b", "/a/1/b", true},
                 {"/a/{x}/b", "/a/1/c", false},
                 {"/a/{x}", "/a/b c", false},
                 {"/a/{x}", "/a/.b", false},
                 {"/a/{x}", "/a/-b", true}, /* every 64th id in base64url begins so */
                 {"/a", "", false},
                 {"/a", "a", false},
                 {"/{a}/{b}/{c}/{d}", "/1/2/3/4", false},
                 {"/t/{x*}", "/t/0", true},
                 {"/t/{x*}", "/t/0/x001/234.p/5", true},
                 {"/t/{x*}", "/t", false},
                 {"/t/{x*}", "/t/", false},
                 {"/t/{x*}", "/t/0/", false},
                 {"/t/{x*}", "/t//0", false},
                 {"/t/{x*}", "/t/0/../1", false},
                 {"/t/{x*}", "/t/./0", false},
                 {"/t/{x*}", "/t/%2e%2e/0", false},
                 {"/t/{x*}", "/u/0", false},
                 {"/{a}/{b}/{c}/{d*}", "/1/2/3/4", false}};
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct gb_bytes params[ROUTE_MAX_PARAMS] = {0};
        if (route_match(cases[i].pattern, gb_bytes_str(cases[i].path), params) != cases[i].wanted)
            fail_msg("%s %s", cases[i].pattern, cases[i].path);
    }
}

static void queries(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *wanted; /* of "a"; NULL: refused */
    } cases[] = {{"a=b", "b"},      {"x=y&a=b", "b"},       {"a", ""},       {"a=", ""},
                 {"a=b=c", "b=c"},  {"a=%41%62+c", "Ab c"}, {"", NULL},      {"b=a", NULL},
                 {"a=%4", NULL},    {"a=%", NULL},          {"a=%zz", NULL}, {"a=%00", NULL},
                 {"a=1&a=2", NULL}, {"aa=1", NULL},         {"%61=1", NULL}, {"&&a=1&", "1"}};
    struct gb_arena *arena = gb_arena_new();
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct gb_bytes value = {0};
        bool got = query_find(arena, gb_bytes_str(cases[i].query), "a", &value);
        if (got != (cases[i].wanted != NULL) || (got && !gb_bytes_is(value, cases[i].wanted)))
            fail_msg("%s", cases[i].query);
    }
    gb_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T19_what_is_not_allowed_is_denied),
        cmocka_unit_test(T29_nodes_have_a_ceiling_of_their_own),
        cmocka_unit_test(T29_no_body_is_read_of_who_is_refused),
        cmocka_unit_test(T29_who_is_unknown_is_refused_unread),
        cmocka_unit_test(what_a_route_does_not_know_is_not_passed_over),
        cmocka_unit_test(T19_only_our_own_names_count),
        cmocka_unit_test(T19_people_whom_nobody_judges_may_nothing),
        cmocka_unit_test(a_refusal_may_take_its_time),
        cmocka_unit_test(T19_strangers_only_enrol),
        cmocka_unit_test(a_certificate_past_its_date_may_only_renew),
        cmocka_unit_test(a_joining_node_is_a_node_here),
        cmocka_unit_test(a_date_counts_on_a_kept_connection_too),
        cmocka_unit_test(matching),
        cmocka_unit_test(queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
