#include "server/api/routes.h"

#include <stdbool.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/api/api.h"

enum {
    NONE = 0,
    SMALL = 16 << 10,     /* a person's request */
    ENROLL = 64 << 10,    /* certificates and keys of a TPM */
    EVIDENCE = 300 << 20, /* the ceiling for nodes (max_body) comes before */
    TOKEN = 88 << 20, /* GB_LIMIT_RPC_EVIDENCE in base64: keyd takes no more; a renewal's, too */
    DOCUMENTS = GB_LIMIT_POLICY, /* of people, who are known before a byte of it is kept */
    EXPIRED_OK = ROUTE_EXPIRED_OK,
    UNRECORDED = ROUTE_UNRECORDED,
    PROBE = ROUTE_UNRECORDED | ROUTE_PROBE,
};

/* People, by what they may do (docs/roles.md; a test compares). Whoever changes one thing reads
 * what it is about; the auditor reads everything and changes nothing. */
enum {
    ADMIN = ACCESS_BIT(ACCESS_ADMIN),
    OFFICER = ACCESS_BIT(ACCESS_SECURITY_OFFICER),
    AUDITOR = ACCESS_BIT(ACCESS_AUDITOR),
    ENROLLER = ACCESS_BIT(ACCESS_ENROLLER),
    TAGS = ACCESS_BIT(ACCESS_TAG_AUTHORITY),
    POINT = ACCESS_BIT(ACCESS_ENFORCEMENT_POINT),
    NOBODY = 0,
    EVERYBODY = ADMIN | OFFICER | AUDITOR | ENROLLER | TAGS | POINT,
    ENROL = ADMIN | ENROLLER,
    SEE_JOINING = ENROL | OFFICER | AUDITOR,
    SEE_RECORDS = ADMIN | OFFICER | AUDITOR,
    ASK_NODE = ADMIN | OFFICER,
};

const struct route routes_enroll[] = {
    {HTTP_POST, "/v1/enroll/begin", ROUTE_STRANGER, NOBODY, 0, ENROLL, 0, api_enroll_begin,
     "Begin an enrolment"},
    {HTTP_POST, "/v1/enroll/finish", ROUTE_STRANGER, NOBODY, 0, ENROLL, 0, api_enroll_finish,
     "Finish an enrolment"},
    {HTTP_GET, "/v1/jwks", ROUTE_STRANGER, NOBODY, 0, NONE, 0, api_jwks,
     "The keys that verify tokens"},
    {HTTP_GET, "/healthz", ROUTE_STRANGER, NOBODY, 0, NONE, 0, api_healthz,
     "Whether the service is there"},
    {.pattern = NULL},
};

/* Whom, which people, what it changes, body, flags. */
const struct route routes_api[] = {
    {HTTP_GET, "/v1/attest/nonce", ROUTE_NODE, NOBODY, 0, NONE, EXPIRED_OK, api_attest_nonce,
     "A nonce to answer, and what to send"},
    {HTTP_POST, "/v1/attest", ROUTE_NODE, NOBODY, 0, EVIDENCE, EXPIRED_OK, api_attest,
     "Prove this node's state"},
    {HTTP_POST, "/v1/nonce", ROUTE_NODE, NOBODY, 0, SMALL, EXPIRED_OK, api_nonce,
     "A nonce of garboard-keyd"},
    {HTTP_POST, "/v1/renew", ROUTE_NODE, NOBODY, 0, TOKEN, EXPIRED_OK, api_renew,
     "Renew this node's certificate, if it is trusted"},
    {HTTP_POST, "/v1/token", ROUTE_NODE, NOBODY, 0, TOKEN, 0, api_token,
     "A signed attestation result"},
    {HTTP_GET, "/v1/nodes?since", ROUTE_PERSON, EVERYBODY, 0, NONE, 0, api_node_list, "All nodes"},
    {HTTP_GET, "/v1/nodes/{node}", ROUTE_PERSON, EVERYBODY, 0, NONE, 0, api_node_show, "One node"},
    {HTTP_GET, "/v1/nodes/{node}/verdict", ROUTE_PERSON, EVERYBODY, 0, NONE, 0, api_node_verdict,
     "A node's last recorded verdict, with findings"},
    {HTTP_GET, "/v1/nodes/{node}/history", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0, api_node_history,
     "A node's verdicts, and what evidence is kept"},
    {HTTP_GET, "/v1/nodes/{node}/evidence?at", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0,
     api_node_evidence, "A node's evidence as it was at a time"},
    {HTTP_POST, "/v1/nodes/{node}/attest", ROUTE_PERSON, ASK_NODE, 0, SMALL, 0, api_node_attest,
     "Ask a node for a fresh proof"},
    {HTTP_POST, "/v1/nodes/{node}/labels", ROUTE_PERSON, ASK_NODE, ACCESS_DO_NODE_LABELS, SMALL, 0,
     api_node_label, "Change a node's labels"},
    {HTTP_DELETE, "/v1/nodes/{node}", ROUTE_PERSON, ADMIN, ACCESS_DO_NODE_REMOVE, NONE, 0,
     api_node_remove, "Remove a node"},
    {HTTP_GET, "/v1/rollout", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0, api_rollout,
     "Which nodes run what: the reference sets that each one matched"},
    {HTTP_GET, "/v1/waiting", ROUTE_PERSON, SEE_JOINING, 0, NONE, 0, api_waiting_list,
     "Nodes that wait for approval"},
    {HTTP_POST, "/v1/approvals", ROUTE_PERSON, ENROL, ACCESS_DO_NODE_APPROVE, SMALL, 0, api_approve,
     "Approve a node that waits"},
    {HTTP_GET, "/v1/eks", ROUTE_PERSON, SEE_JOINING, 0, NONE, 0, api_ek_list,
     "EKs that may join without a token"},
    {HTTP_POST, "/v1/eks", ROUTE_PERSON, ENROL, ACCESS_DO_EK_ADD, SMALL, 0, api_ek_add,
     "List an EK"},
    {HTTP_DELETE, "/v1/eks/{ek}", ROUTE_PERSON, ENROL, ACCESS_DO_EK_REMOVE, NONE, 0, api_ek_remove,
     "Take an EK off the list"},
    {HTTP_GET, "/v1/tokens", ROUTE_PERSON, SEE_JOINING, 0, NONE, 0, api_token_list, "Join tokens"},
    {HTTP_POST, "/v1/tokens", ROUTE_PERSON, ENROL, ACCESS_DO_TOKEN_CREATE, SMALL, 0,
     api_token_create, "Make a join token"},
    {HTTP_DELETE, "/v1/tokens/{id}", ROUTE_PERSON, ENROL, ACCESS_DO_TOKEN_REVOKE, NONE, 0,
     api_token_revoke, "Revoke a join token"},
    {HTTP_GET, "/v1/policy?text", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0, api_policy_list,
     "Policy documents in force"},
    {HTTP_POST, "/v1/policy?dry_run&force", ROUTE_PERSON, OFFICER, ACCESS_DO_POLICY, DOCUMENTS, 0,
     api_policy_apply, "Apply policy documents"},
    {HTTP_POST, "/v1/simulations", ROUTE_PERSON, SEE_RECORDS, 0, DOCUMENTS, 0, api_simulate,
     "Judge the kept evidence of all nodes under changed documents"},
    {HTTP_GET, "/v1/simulations/{id}", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0, api_simulation_show,
     "A simulation's progress, and what came out"},
    {HTTP_DELETE, "/v1/simulations/{id}", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0,
     api_simulation_cancel, "Cancel a simulation"},
    {HTTP_GET, "/v1/ledger/checkpoint", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0,
     api_ledger_checkpoint, "The ledger's signed head"},
    {HTTP_GET, "/v1/ledger/tile/{path*}", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0, api_ledger_tile,
     "A tile or entry bundle of the ledger (C2SP tlog-tiles)"},
    {HTTP_GET, "/v1/ledger/rounds/{day}/{file}", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0,
     api_ledger_rounds, "Leaves or quotes of one sealed minute"},
    {HTTP_GET, "/v1/ledger/keys", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0, api_ledger_keys,
     "Keys that verify the ledger's head"},
    {HTTP_GET, "/v1/ledger/entries?from&max", ROUTE_PERSON, SEE_RECORDS, 0, NONE, 0, api_entry_list,
     "Entries of the ledger, with what opens their commitments"},
    {HTTP_DELETE, "/v1/ledger/openings?name", ROUTE_PERSON, ADMIN, ACCESS_DO_LEDGER_FORGET, NONE, 0,
     api_opening_forget, "Forget a person's name in the ledger"},
    {HTTP_GET, "/v1/whoami", ROUTE_PERSON, EVERYBODY, 0, NONE, 0, api_whoami,
     "Who the caller is, and with which roles"},
    {HTTP_GET, "/v1/two-person", ROUTE_PERSON, SEE_JOINING, 0, NONE, 0, api_second_list,
     "Calls that wait for a second person"},
    {HTTP_DELETE, "/v1/two-person/{id}", ROUTE_PERSON, ENROL, 0, NONE, 0, api_second_withdraw,
     "Withdraw a call that waits for a second person"},
    {HTTP_GET, "/v1/jwks", ROUTE_NODE | ROUTE_PERSON, EVERYBODY, 0, NONE, UNRECORDED, api_jwks,
     "The keys that verify tokens"},
    {HTTP_GET, "/healthz", ROUTE_NODE | ROUTE_PERSON, EVERYBODY, 0, NONE, PROBE, api_healthz,
     "Whether the service is there"},
    {HTTP_GET, "/readyz", ROUTE_NODE | ROUTE_PERSON, EVERYBODY, 0, NONE, PROBE, api_readyz,
     "Whether the service can do its work"},
    {HTTP_GET, "/metrics", ROUTE_NODE | ROUTE_PERSON, EVERYBODY, 0, NONE, UNRECORDED, api_metrics,
     "Prometheus metrics"},
    {.pattern = NULL},
};

bool routes_probe(const struct http_request *request)
{
    for (const struct route *route = routes_api; route->pattern; route++)
        if ((route->flags & ROUTE_PROBE) && route->method == http_request_method(request) &&
            gb_bytes_is(http_request_path(request), route->pattern))
            return true;
    return false;
}
