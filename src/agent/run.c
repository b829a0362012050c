#include "agent/run.h"

#include <string.h>

#include "agent/config.h"
#include "agent/enroll.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "agent/proof.h"
#include "agent/renew.h"
#include "agent/report.h"
#include "agent/results.h"
#include "agent/retry.h"
#include "agent/state.h"
#include "base/clock.h"
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

/* Others are shown what says that this node is trusted, and nothing else. */
static void publish_certificate(struct agent *agent)
{
    struct gb_err err;
    bool is = false;
    if (!agent->config->svid_file || agent->svid_written)
        return;
    int r = renew_is_for_others(agent->round, &agent->state, &is, &err);
    if (r == GB_OK && is)
        r = results_certificate(agent->config, agent->state.certificate, &err);
    agent->svid_written = r == GB_OK && is;
    if (r < 0)
        gb_log_err(GB_LOG_WARNING, "certificate-not-written", &err);
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
    agent->svid_written = false;
    gb_log_event(GB_LOG_INFO, "certificate-renewed", GB_LOG_TEXT("node", agent->state.node));
    return connect_now(agent, err);
}

/* After a trusted verdict. A failure stops nothing: it is tried again after later ones, but not at
 * each, for the evidence is whole. */
static void renew_in_time(struct agent *agent)
{
    struct gb_err err;
    bool due = false;
    if (agent->verdict.verified_at_s == 0 || gb_clock_ms() < agent->renewal.not_before_ms)
        return;
    int r = renew_is_due(agent->round, &agent->state, agent->verdict.verified_at_s, &due, &err);
    if (r == GB_OK && due)
        r = renew_now(agent, &err);
    if (r == GB_OK) {
        agent->renewal.failures = 0;
        return;
    }
    agent->renewal.not_before_ms =
        gb_clock_ms() + retry_delay_ms(agent->renewal.failures++, RETRY_MAX_MS);
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

static int ask_token(struct agent *agent, const char **ret_jwt, struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    struct json *body = NULL;
    int r = proof_make(agent->config, &agent->machine, &agent->link, agent->round, &body, err);
    if (r == GB_OK)
        r = link_post_json(&agent->link, agent->round, "/v1/token", body, &answer, err);
    return r < 0 ? r : link_get_text(agent->round, answer.body, "token", ret_jwt, err);
}

/* The old one stays until it ends: whoever reads it sees when that is. */
static void publish_result(struct agent *agent)
{
    struct gb_err err;
    const char *jwt = NULL;
    if (!agent->config->result_file || !results_due(&agent->results, gb_clock_ms()))
        return;
    int r = ask_token(agent, &jwt, &err);
    if (r == GB_OK)
        r = results_token(agent->config, &agent->results, jwt, gb_clock_ms(), &err);
    if (r < 0) {
        results_failed(&agent->results, gb_clock_ms());
        gb_log_err(GB_LOG_WARNING, "result-not-renewed", &err);
    }
}

static bool is_trusted(const struct agent *agent)
{
    return strcmp(agent->verdict.verdict, "trusted") == 0;
}

/* What follows from a verdict. */
static void act_on_verdict(struct agent *agent)
{
    if (is_trusted(agent)) {
        renew_in_time(agent);
        publish_certificate(agent);
        if (agent->link.client) /* a renewal may have lost it */
            publish_result(agent);
    } else {
        results_remove(agent->config, &agent->results);
    }
}

int64_t agent_wait_ms(const struct agent *agent, int64_t ms)
{
    return results_wait_ms(&agent->results, gb_clock_ms(), ms);
}

static int attest_now(struct agent *agent, struct gb_err *err)
{
    const char *code = "";
    int r = one_round(agent, &code, err);
    if (r < 0) {
        link_close(&agent->link); /* a new connection next time, whatever was wrong */
        return r;
    }
    act_on_verdict(agent);
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
    if (r == GB_OK)
        r = attest_now(agent, err);
    if (r < 0) /* whatever it was: nobody renews the result */
        results_end(agent->config, &agent->results, gb_clock_ms());
    return r;
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
