#include "server/routes.h"

#include "net/http_server.h"
#include "net/router.h"
#include "server/api.h"

enum {
    NONE = 0,
    SMALL = 16 << 10,     /* an operator's request */
    ENROLL = 64 << 10,    /* certificates and keys of a TPM */
    EVIDENCE = 300 << 20, /* the listener's own ceiling (max_body) comes before */
    TOKEN = 88 << 20,     /* GB_LIMIT_RPC in base64: keyd takes no more */
    DOCUMENTS = 64 << 20, /* GB_LIMIT_POLICY */
    ANY = ROUTE_NODE | ROUTE_OPERATOR,
};

const struct route routes_enroll[] = {
    {HTTP_POST, "/v1/enroll/begin", ROUTE_STRANGER, ENROLL, false, api_enroll_begin,
     "Begin an enrolment"},
    {HTTP_POST, "/v1/enroll/finish", ROUTE_STRANGER, ENROLL, false, api_enroll_finish,
     "Finish an enrolment"},
    {HTTP_GET, "/healthz", ROUTE_STRANGER, NONE, false, api_healthz,
     "Whether the service is there"},
    {.pattern = NULL},
};

const struct route routes_api[] = {
    {HTTP_GET, "/v1/attest/nonce", ROUTE_NODE, NONE, false, api_attest_nonce,
     "A nonce to answer, and what to send"},
    {HTTP_POST, "/v1/attest", ROUTE_NODE, EVIDENCE, false, api_attest, "Prove this node's state"},
    {HTTP_POST, "/v1/nonce", ROUTE_NODE, SMALL, true, api_nonce, "A nonce of garboard-keyd"},
    {HTTP_POST, "/v1/renew", ROUTE_NODE, ENROLL, true, api_renew, "Renew this node's certificate"},
    {HTTP_POST, "/v1/token", ROUTE_NODE, TOKEN, false, api_token, "A signed attestation result"},
    {HTTP_GET, "/v1/nodes?since", ROUTE_OPERATOR, NONE, false, api_node_list, "All nodes"},
    {HTTP_GET, "/v1/nodes/{node}", ROUTE_OPERATOR, NONE, false, api_node_show, "One node"},
    {HTTP_GET, "/v1/nodes/{node}/verdict", ROUTE_OPERATOR, NONE, false, api_node_verdict,
     "A node's last recorded verdict, with findings"},
    {HTTP_POST, "/v1/nodes/{node}/attest", ROUTE_OPERATOR, SMALL, false, api_node_attest,
     "Ask a node for a fresh proof"},
    {HTTP_DELETE, "/v1/nodes/{node}", ROUTE_OPERATOR, NONE, false, api_node_remove,
     "Remove a node"},
    {HTTP_GET, "/v1/waiting", ROUTE_OPERATOR, NONE, false, api_waiting_list,
     "Nodes that wait for approval"},
    {HTTP_POST, "/v1/approvals", ROUTE_OPERATOR, SMALL, false, api_approve,
     "Approve a node that waits"},
    {HTTP_GET, "/v1/eks", ROUTE_OPERATOR, NONE, false, api_ek_list,
     "EKs that may join without a token"},
    {HTTP_POST, "/v1/eks", ROUTE_OPERATOR, SMALL, false, api_ek_add, "List an EK"},
    {HTTP_DELETE, "/v1/eks/{ek}", ROUTE_OPERATOR, NONE, false, api_ek_remove,
     "Take an EK off the list"},
    {HTTP_GET, "/v1/tokens", ROUTE_OPERATOR, NONE, false, api_token_list, "Join tokens"},
    {HTTP_POST, "/v1/tokens", ROUTE_OPERATOR, SMALL, false, api_token_create, "Make a join token"},
    {HTTP_DELETE, "/v1/tokens/{id}", ROUTE_OPERATOR, NONE, false, api_token_revoke,
     "Revoke a join token"},
    {HTTP_GET, "/v1/policy", ROUTE_OPERATOR, NONE, false, api_policy_list,
     "Policy documents in force"},
    {HTTP_POST, "/v1/policy?dry_run", ROUTE_OPERATOR, DOCUMENTS, false, api_policy_apply,
     "Apply policy documents"},
    {HTTP_GET, "/healthz", ANY, NONE, false, api_healthz, "Whether the service is there"},
    {HTTP_GET, "/readyz", ANY, NONE, false, api_readyz, "Whether the service can do its work"},
    {HTTP_GET, "/metrics", ANY, NONE, false, api_metrics, "Prometheus metrics"},
    {.pattern = NULL},
};
