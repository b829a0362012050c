#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "../verify/make_quote.h"
#include "policy/access/access.h"
#include "running.h"
#include "server/api/routes.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"

static struct running service;

static int setup(void **state)
{
    (void)state;
    running_start(&service);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    running_stop(&service);
    return 0;
}

static const char *method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_POST:
        return "POST";
    case HTTP_DELETE:
        return "DELETE";
    case HTTP_PUT:
    case HTTP_NONE:
    case HTTP_OTHER:
        break;
    }
    fail_msg("a method that this test does not know");
    return "";
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
        assert_true(len < 127);
    }
    line[len] = '\0';
    return line;
}

struct caller {
    const char *name;
    const struct kit_id *id;
    unsigned role;  /* of enum route_role */
    uint32_t roles; /* of a person */
    bool expired;
};

static bool let_in(const struct route *route, const struct caller *caller)
{
    return (route->callers & caller->role) != 0 &&
           (caller->role != ROUTE_PERSON || (route->people & caller->roles) ||
            (route->flags & ROUTE_PROBE)) &&
           (!caller->expired || (route->flags & ROUTE_EXPIRED_OK));
}

static bool is_shut(const char *body)
{
    static const char *const codes[] = {"\"forbidden\"", "\"certificate-expired\"", "\"no-role\"",
                                        "\"role-lacking\""};
    for (size_t i = 0; i < GB_ARRAY_LEN(codes); i++)
        if (strstr(body, codes[i]))
            return true;
    return false;
}

static size_t walk(const struct route *routes, uint16_t port, const struct caller *caller)
{
    size_t refused = 0;
    for (const struct route *route = routes; route->pattern; route++) {
        char line[128], body[2048];
        int status = running_ask(port, caller->id, line_of(route, line), "", body, sizeof body);
        bool shut = status == -1 || (status == 403 && is_shut(body));
        if (shut == let_in(route, caller))
            fail_msg("%s as %s: %d %s", line, caller->name, status, body);
        if (status >= 500 && !strstr(body, "keyd") && !strstr(body, "not-ready"))
            fail_msg("%s as %s: %d %s", line, caller->name, status, body);
        refused += shut;
    }
    return refused;
}

static void T19_every_route_refuses_whom_the_table_does_not_name(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct kit_id other = kit_id(&who->ca, "URI:spiffe://elsewhere/operator/anna", 0);
    struct kit_id nobody = kit_id(&who->ca, NULL, 0);
    struct kit_id server = kit_id(&who->ca, "URI:spiffe://example/server", 0);
    struct kit_id late_node = kit_id(&who->ca, "URI:spiffe://example/node/n1", 1000000000);
    struct kit_id late_op = kit_id(&who->ca, "URI:spiffe://example/operator/anna", 1000000000);
    struct kit_id nameless = kit_id(&who->ca, "URI:spiffe://example/operator/bob", 0);
    const struct caller callers[] = {
        {"a node", &who->node, ROUTE_NODE, 0, false},
        {"the founder", &who->operator, ROUTE_PERSON, access_all_roles(), false},
        {"a node whose certificate ran out", &late_node, ROUTE_NODE, 0, true},
        {"the founder whose certificate ran out", &late_op, ROUTE_PERSON, access_all_roles(), true},
        {"a person without a role", &nameless, ROUTE_PERSON, 0, false},
        {"an operator of another trust domain", &other, 0, 0, false},
        {"a certificate without a name", &nobody, 0, 0, false},
        {"a server", &server, 0, 0, false},
        {"a certificate of another CA", &who->stranger, 0, 0, false},
        {"nobody", NULL, 0, 0, false},
    };
    size_t refused = 0;
    for (size_t i = 0; i < GB_ARRAY_LEN(callers); i++)
        refused += walk(routes_api, service.api, &callers[i]);
    assert_true(refused > 5 * GB_ARRAY_LEN(callers));
    kit_id_done(&other);
    kit_id_done(&nameless);
    kit_id_done(&nobody);
    kit_id_done(&server);
    kit_id_done(&late_node);
    kit_id_done(&late_op);
}

static bool is_of_enrolment(const struct route *route)
{
    for (const struct route *own = routes_enroll; own->pattern; own++)
        if (own->method == route->method && strcmp(own->pattern, route->pattern) == 0)
            return true;
    return false;
}

static void T19_the_enrolment_listener_knows_its_own_routes_only(void **state)
{
    (void)state;
    const struct caller stranger = {"a stranger", NULL, ROUTE_STRANGER, 0, false};
    char line[128], body[2048];
    assert_int_equal(walk(routes_enroll, service.enroll, &stranger), 0);
    for (const struct route *route = routes_api; route->pattern; route++) {
        if (is_of_enrolment(route))
            continue;
        int status = running_ask(service.enroll, NULL, line_of(route, line), "", body, sizeof body);
        if (status != 404)
            fail_msg("%s on the enrolment listener: %d %s", line, status, body);
    }
}

static void T19_no_route_is_open_to_nobody_or_to_strangers_by_mistake(void **state)
{
    (void)state;
    for (const struct route *route = routes_api; route->pattern; route++)
        if (route->callers & ROUTE_STRANGER || route->callers == 0 ||
            !(route->callers & ROUTE_PERSON) != (route->people == 0))
            fail_msg("%s", route->pattern);
    for (const struct route *route = routes_enroll; route->pattern; route++)
        assert_true(route->callers == ROUTE_STRANGER && route->people == 0);
}

static void T19_the_auditor_reads_everything_and_changes_nothing(void **state)
{
    (void)state;
    const uint32_t auditor = ACCESS_BIT(ACCESS_AUDITOR);
    for (const struct route *route = routes_api; route->pattern; route++) {
        /* A simulation changes nothing but what it costs. */
        bool reads = route->method == HTTP_GET || strstr(route->pattern, "/v1/simulations");
        if (!(route->callers & ROUTE_PERSON))
            continue;
        if (reads != ((route->people & auditor) != 0) || (reads && route->action != 0))
            fail_msg("%s", route->pattern);
    }
}

static void T19_nobody_but_an_officer_changes_policy(void **state)
{
    (void)state;
    for (const struct route *route = routes_api; route->pattern; route++)
        if (route->action == ACCESS_DO_POLICY)
            assert_int_equal(route->people, ACCESS_BIT(ACCESS_SECURITY_OFFICER));
}

static void a_node_that_is_not_enrolled_is_told_so(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    char body[2048];
    assert_int_equal(
        running_ask(service.api, &who->node, "GET /v1/attest/nonce", "", body, sizeof body), 403);
    assert_non_null(strstr(body, "\"node-unknown\""));
    assert_int_equal(running_ask(service.api, &who->node, "GET /healthz", "", body, sizeof body),
                     403);
    assert_non_null(strstr(body, "\"node-unknown\""));
}

/* 60 MB from somebody who was removed: not a byte of it is waited for. */
static void T29_a_node_that_is_not_enrolled_uploads_nothing(void **state)
{
    (void)state;
    struct kit_client client;
    char body[2048] = "";
    assert_true(kit_connect(&client, service.api, &kit_people()->node, NULL, TLS1_3_VERSION));
    assert_true(kit_say(&client, "POST /v1/token HTTP/1.1\r\nHost: x\r\n"
                                 "Content-Length: 60000000\r\n\r\n"));
    assert_int_equal(kit_answer(&client, body, sizeof body), 403);
    assert_non_null(strstr(body, "\"node-unknown\""));
    assert_true(kit_ended(&client));
    kit_client_done(&client);
}

/* Head first, then `len` bytes of "0,": the status, 0 when the connection ended without one. */
static int send_zeros(uint16_t port, const char *path, size_t len, char *body, size_t size)
{
    struct kit_client client;
    char text[256];
    snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n[", path,
             len);
    assert_true(kit_connect(&client, port, NULL, NULL, TLS1_3_VERSION));
    assert_true(kit_say(&client, text));
    for (size_t sent = 1; sent < len; sent += 2)
        assert_true(kit_send(&client, sent + 2 < len ? "0," : "0]", 2));
    int status = kit_answer(&client, body, size);
    kit_client_done(&client);
    return status;
}

/* A stranger's values are counted before anything is built of them. */
static void T29_a_strangers_json_holds_few_values(void **state)
{
    (void)state;
    static const char *const paths[] = {"/v1/enroll/begin", "/v1/enroll/finish"};
    for (size_t i = 0; i < GB_ARRAY_LEN(paths); i++) {
        char body[2048] = "";
        assert_int_equal(send_zeros(service.enroll, paths[i], 2001, body, sizeof body), 400);
        assert_non_null(strstr(body, "values"));
        assert_int_equal(send_zeros(service.enroll, paths[i], 21, body, sizeof body), 400);
        assert_null(strstr(body, "values"));
    }
}

/* Enrolled, but with another key: whoever has an older certificate is not this node any more. */
static void T29_another_key_of_a_node_uploads_nothing(void **state)
{
    (void)state;
    static const char name[] = "URI:spiffe://example/node/01890000-0000-7000-8000-000000000001";
    struct kit_id old = kit_id(&kit_people()->ca, name, 0);
    struct make_ak ak;
    struct gb_buf area;
    make_ak_init(&ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    gb_buf_init(&area, 4096);
    make_ak_public(&ak, MAKE_AK_GOOD, &area);
    struct store_node facts = {.name = "n", .ak_public = gb_buf_bytes(&area)};
    assert_true(node_id_parse(gb_bytes_str(name + strlen("URI:spiffe://example/node/")), facts.id));
    assert_int_equal(nodes_add(service.server->nodes, &facts, NULL), GB_OK);
    struct kit_client client;
    char body[2048] = "";
    assert_true(kit_connect(&client, service.api, &old, NULL, TLS1_3_VERSION));
    assert_true(kit_say(&client, "POST /v1/attest HTTP/1.1\r\nHost: x\r\n"
                                 "Content-Length: 60000000\r\n\r\n"));
    assert_int_equal(kit_answer(&client, body, sizeof body), 403);
    assert_non_null(strstr(body, "\"transport-key-foreign\""));
    assert_true(kit_ended(&client));
    kit_client_done(&client);
    assert_true(nodes_remove(service.server->nodes, facts.id));
    kit_id_done(&old);
    make_ak_done(&ak);
    gb_buf_done(&area);
}

static void T17_only_a_plain_word_is_a_trial(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "dry_run=true", "dry_run=1&dry_run=1",  "dry_run=1&dry_run=0", "dry_run=",   "dry_run=2",
        "dry-run=1",    "dry_run=1&force=true", "dry_run=%zz",         "dry_run=01", "force=2"};
    char line[128], body[2048];
    for (size_t i = 0; i < GB_ARRAY_LEN(queries); i++) {
        snprintf(line, sizeof line, "POST /v1/policy?%s", queries[i]);
        int status = running_ask(service.api, &kit_people()->operator, line, "", body, sizeof body);
        if (status != 400)
            fail_msg("%s: %d %s", line, status, body);
    }
    assert_int_not_equal(running_ask(service.api, &kit_people()->operator,
                                     "POST /v1/policy?dry_run=1", "", body, sizeof body),
                         400);
}

static void without_keyd_and_policy_the_service_is_not_ready_and_says_why(void **state)
{
    (void)state;
    char body[2048];
    const struct kit_people *who = kit_people();
    assert_int_equal(running_ask(service.api, &who->operator, "GET /readyz", "", body, sizeof body),
                     503);
    assert_non_null(strstr(body, "none is applied"));
    assert_non_null(strstr(body, "\"store\": \"ok\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T19_every_route_refuses_whom_the_table_does_not_name),
        cmocka_unit_test(T19_the_enrolment_listener_knows_its_own_routes_only),
        cmocka_unit_test(T19_no_route_is_open_to_nobody_or_to_strangers_by_mistake),
        cmocka_unit_test(T19_the_auditor_reads_everything_and_changes_nothing),
        cmocka_unit_test(T19_nobody_but_an_officer_changes_policy),
        cmocka_unit_test(a_node_that_is_not_enrolled_is_told_so),
        cmocka_unit_test(T29_a_node_that_is_not_enrolled_uploads_nothing),
        cmocka_unit_test(T29_a_strangers_json_holds_few_values),
        cmocka_unit_test(T29_another_key_of_a_node_uploads_nothing),
        cmocka_unit_test(T17_only_a_plain_word_is_a_trial),
        cmocka_unit_test(without_keyd_and_policy_the_service_is_not_ready_and_says_why),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
