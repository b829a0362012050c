#include "agent/run.h"

#include <string.h>

#include "agent/config.h"
#include "agent/enroll.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "agent/proof.h"
#include "agent/renew.h"
#include "agent/report.h"
#include "agent/state.h"
#include "base/log.h"
#include "wire/json.h"

int agent_init(struct agent *agent, const struct config *config, struct gb_err *err)
{
    *agent = (struct agent){.config = config, .round = gb_arena_new()};
    if (!agent->round)
        return gb_err_nomem(err);
    int r = machine_init(&agent->machine, config, err);
    return r < 0 ? r : state_load(config->state, &agent->state, err);
}

void agent_done(struct agent *agent)
{
    link_close(&agent->link);
    machine_done(&agent->machine);
    state_done(&agent->state);
    gb_arena_free(agent->round);
    *agent = (struct agent){0};
}

/* A full disk does not stop us: we know who we are as long as we run. */
static void save(struct agent *agent)
{
    struct gb_err err;
    bool told = agent->state.unsaved;
    agent->state.unsaved = state_save(agent->config->state, &agent->state, &err) < 0;
    if (agent->state.unsaved && !told)
        gb_log_err(GB_LOG_ERROR, "state-not-saved", &err);
}

static int enroll_now(struct agent *agent, int64_t *ret_wait_s, struct gb_err *err)
{
    int r = enroll(agent->config, &agent->machine, agent->round, &agent->state, ret_wait_s, err);
    if (r < 0)
        return r;
    save(agent);
    gb_log_event(GB_LOG_INFO, "enrolled", GB_LOG_TEXT("node", agent->state.node),
                 GB_LOG_TEXT("name", agent->state.name),
                 GB_LOG_TEXT("trust_domain", agent->state.trust_domain));
    return GB_OK;
}

/* The TPM after the link: what speaks TLS is in it. */
static int connect_now(struct agent *agent, struct gb_err *err)
{
    if (agent->link.client)
        return GB_OK;
    return link_open(&agent->link, agent->config, &agent->machine, agent->state.certificate,
                     agent->state.ca, err);
}

static int renew_now(struct agent *agent, struct gb_err *err)
{
    int r = renew(agent->config, &agent->machine, &agent->link, agent->round, &agent->state, err);
    if (r < 0)
        return r;
    link_close(&agent->link);
    save(agent);
    gb_log_event(GB_LOG_INFO, "certificate-renewed", GB_LOG_TEXT("node", agent->state.node));
    return connect_now(agent, err);
}

/* Before the next round; a failure is tried again then, and stops nothing before the old one ends.
 */
static void renew_in_time(struct agent *agent)
{
    struct gb_err err;
    bool due = false;
    if (agent->verdict.verified_at_s == 0)
        return;
    int r = renew_is_due(agent->round, &agent->state, agent->verdict.verified_at_s, &due, &err);
    if (r == GB_OK && due)
        r = renew_now(agent, &err);
    if (r < 0)
        gb_log_err(GB_LOG_WARNING, "certificate-not-renewed", &err);
}

static void tell(const struct report_verdict *before, const struct report_verdict *now)
{
    bool changed =
        strcmp(before->verdict, now->verdict) != 0 || strcmp(before->tier, now->tier) != 0;
    bool trusted = strcmp(now->verdict, "trusted") == 0;
    gb_log_event(!changed  ? GB_LOG_DEBUG
                 : trusted ? GB_LOG_INFO
                           : GB_LOG_WARNING,
                 "verdict", GB_LOG_TEXT("verdict", now->verdict), GB_LOG_TEXT("tier", now->tier));
}

static int one_round(struct agent *agent, const char **ret_code, struct gb_err *err)
{
    struct report_verdict verdict;
    int r = report_round(agent->config, &agent->machine, &agent->link, agent->round,
                         &agent->collected, &agent->next, &verdict, ret_code, err);
    if (r < 0)
        return r;
    tell(&agent->verdict, &verdict);
    agent->verdict = verdict;
    if (agent->next.interval_s != agent->state.interval_s) {
        agent->state.interval_s = agent->next.interval_s;
        agent->state.unsaved = true;
    }
    return GB_OK;
}

static int attest_now(struct agent *agent, struct gb_err *err)
{
    const char *code = "";
    int r = one_round(agent, &code, err);
    if (r < 0 && strcmp(code, "certificate-expired") == 0) { /* after a long absence */
        r = renew_now(agent, err);
        if (r == GB_OK)
            r = one_round(agent, &code, err);
    }
    if (r < 0) {
        link_close(&agent->link); /* a new connection next time, whatever was wrong */
        return r;
    }
    renew_in_time(agent);
    if (agent->state.unsaved)
        save(agent);
    return GB_OK;
}

int agent_step(struct agent *agent, int64_t *ret_wait_s, struct gb_err *err)
{
    *ret_wait_s = 0;
    gb_arena_reset(agent->round);
    int r = machine_open(&agent->machine, &agent->state, err);
    if (r == GB_OK && !agent->state.node)
        r = enroll_now(agent, ret_wait_s, err);
    if (r == GB_OK)
        r = connect_now(agent, err);
    return r < 0 ? r : attest_now(agent, err);
}

static int ask_token(struct agent *agent, const char **ret_jwt, struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    struct json *body = NULL;
    int r = proof_make(agent->config, &agent->machine, &agent->link, agent->round,
                       &agent->collected, &body, err);
    if (r == GB_OK)
        r = link_post_json(&agent->link, agent->round, "/v1/token", body, &answer, err);
    return r < 0 ? r : link_get_text(agent->round, answer.body, "token", ret_jwt, err);
}

int agent_token(struct agent *agent, const char **ret_jwt, struct gb_err *err)
{
    if (!agent->state.node)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "this node is not enrolled: start garboard-agent first");
    int r = machine_open(&agent->machine, &agent->state, err);
    if (r == GB_OK)
        r = connect_now(agent, err);
    return r < 0 ? r : ask_token(agent, ret_jwt, err);
}
