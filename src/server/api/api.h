/* The handlers, one for each route of routes.c. `ctx` is the struct thread of the loop. */
#ifndef GB_SERVER_API_H
#define GB_SERVER_API_H

#include "net/router.h"

void api_enroll_begin(void *ctx, const struct route_call *call);
void api_enroll_finish(void *ctx, const struct route_call *call);

void api_attest_nonce(void *ctx, const struct route_call *call);
void api_attest(void *ctx, const struct route_call *call);
void api_nonce(void *ctx, const struct route_call *call);
void api_renew(void *ctx, const struct route_call *call);
void api_token(void *ctx, const struct route_call *call);

void api_node_list(void *ctx, const struct route_call *call);
void api_node_show(void *ctx, const struct route_call *call);
void api_node_verdict(void *ctx, const struct route_call *call);
void api_node_history(void *ctx, const struct route_call *call);
void api_node_evidence(void *ctx, const struct route_call *call);
void api_node_attest(void *ctx, const struct route_call *call);
void api_rollout(void *ctx, const struct route_call *call);
void api_node_label(void *ctx, const struct route_call *call);
void api_node_remove(void *ctx, const struct route_call *call);

void api_waiting_list(void *ctx, const struct route_call *call);
void api_approve(void *ctx, const struct route_call *call);
void api_ek_list(void *ctx, const struct route_call *call);
void api_ek_add(void *ctx, const struct route_call *call);
void api_ek_remove(void *ctx, const struct route_call *call);
void api_token_list(void *ctx, const struct route_call *call);
void api_token_create(void *ctx, const struct route_call *call);
void api_token_revoke(void *ctx, const struct route_call *call);

void api_policy_list(void *ctx, const struct route_call *call);
void api_policy_apply(void *ctx, const struct route_call *call);
void api_simulate(void *ctx, const struct route_call *call);
void api_simulation_show(void *ctx, const struct route_call *call);
void api_simulation_cancel(void *ctx, const struct route_call *call);

void api_ledger_checkpoint(void *ctx, const struct route_call *call);
void api_ledger_tile(void *ctx, const struct route_call *call);
void api_ledger_rounds(void *ctx, const struct route_call *call);
void api_ledger_keys(void *ctx, const struct route_call *call);
void api_entry_list(void *ctx, const struct route_call *call);
void api_opening_forget(void *ctx, const struct route_call *call);

void api_whoami(void *ctx, const struct route_call *call);
void api_second_list(void *ctx, const struct route_call *call);
void api_second_withdraw(void *ctx, const struct route_call *call);
void api_jwks(void *ctx, const struct route_call *call);
void api_healthz(void *ctx, const struct route_call *call);
void api_readyz(void *ctx, const struct route_call *call);
void api_metrics(void *ctx, const struct route_call *call);

#endif
