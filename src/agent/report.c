#include "agent/report.h"

#include <stdio.h>
#include <string.h>

#include "agent/collect.h"
#include "agent/config.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "base/clock.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "wire/json.h"

enum {
    FOLLOW = 4, /* times to send again as the server says, before backing off */
    MAX_EVIDENCE = GB_LIMIT_IMA_LOG + 2 * GB_LIMIT_BOOT_LOG,
    DEFAULT_LIFE_S = 60,
};

int report_next_read(struct gb_arena *arena, const struct json *json, int64_t now_ms,
                     struct report_next *ret_next, struct gb_err *err)
{
    struct report_next next = {.known = true};
    struct gb_bytes nonce;
    uint64_t expires = 0;
    uint64_t interval = 0;
    const struct json *send = json ? json_get(json, "send") : NULL;
    int r = link_get_base64(arena, json, "nonce", &nonce, err);
    if (r < 0)
        return r;
    if (nonce.len == 0 || nonce.len > sizeof next.nonce || !send ||
        !json_get_bool(send, "boot_log", &next.logs.boot_log) ||
        !json_get_number(send, "ima_from", &next.logs.ima_from) ||
        !json_get_number(json, "interval_s", &interval) || interval == 0 || interval > 86400)
        return gb_err_set(err, GB_ERR_INPUT, "the server's answer does not say what to send next");
    if (!json_get_number(json, "expires_in_s", &expires) || expires > 7 * 86400)
        expires = DEFAULT_LIFE_S;
    memcpy(next.nonce, nonce.data, nonce.len);
    next.nonce_len = nonce.len;
    next.interval_s = (int64_t)interval;
    next.expires_ms = now_ms + (int64_t)expires * 1000;
    *ret_next = next;
    return GB_OK;
}

static int ask(struct link *link, struct gb_arena *arena, struct report_next *next,
               const char **ret_code, struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    int r =
        link_call(link, arena, "GET", "/v1/attest/nonce", NULL, gb_bytes(NULL, 0), &answer, err);
    if (r < 0) {
        *ret_code = answer.code;
        return r;
    }
    return report_next_read(arena, answer.body, gb_clock_ms(), next, err);
}

/* Quote first, logs after. */
static int make_evidence(const struct config *config, struct machine *machine,
                         struct gb_arena *arena, struct collected *collected,
                         const struct report_next *next, struct gb_buf *out, struct gb_err *err)
{
    static const struct wanted_logs all = {.boot_log = true};
    struct bundle bundle = {0};
    gb_cleanup(gb_buf_done) struct gb_buf ima;
    gb_buf_init(&ima, GB_LIMIT_IMA_LOG);
    int r = machine_quote(machine, arena, gb_bytes(next->nonce, next->nonce_len), &bundle, err);
    if (r < 0)
        return r;
    const struct wanted_logs *logs = &next->logs;
    r = collect_logs(config, machine->digester, arena, logs, collected, &ima, &bundle, err);
    if (r == GB_ERR_AGAIN) { /* the server's place is of another boot: everything, then */
        logs = &all;
        r = collect_logs(config, machine->digester, arena, logs, collected, &ima, &bundle, err);
    }
    if (r < 0)
        return r;
    if (logs->boot_log)
        machine_certs(machine, &bundle);
    envelope_write(out, &bundle);
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

static void copy_text(const struct json *body, const char *key, char *out, size_t size)
{
    struct gb_bytes text;
    if (json_get_text(body, key, &text))
        snprintf(out, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
                 (const char *)text.data);
}

static int take_verdict(struct gb_arena *arena, const struct json *body, struct report_next *next,
                        struct report_verdict *ret_verdict, struct gb_err *err)
{
    struct report_verdict verdict = {0};
    struct gb_bytes at;
    copy_text(body, "verdict", verdict.verdict, sizeof verdict.verdict);
    copy_text(body, "tier", verdict.tier, sizeof verdict.tier);
    if (verdict.verdict[0] == '\0')
        return gb_err_set(err, GB_ERR_INPUT, "the server's answer has no verdict");
    if (!json_get_text(body, "verified_at", &at) || !gb_clock_parse(at, &verdict.verified_at_s))
        verdict.verified_at_s = 0;
    *ret_verdict = verdict;
    return report_next_read(arena, json_get(body, "next"), gb_clock_ms(), next, err);
}

/* One POST. *ret_follow: the server says how to send it instead; `err` holds its reason. */
static int post(struct link *link, struct gb_arena *arena, struct gb_bytes evidence,
                struct report_next *next, struct report_verdict *ret_verdict, bool *ret_follow,
                const char **ret_code, struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    next->known = false; /* a nonce is good for one answer, whatever becomes of it */
    int r =
        link_call(link, arena, "POST", "/v1/attest", ENVELOPE_MEDIA_TYPE, evidence, &answer, err);
    if (r == GB_OK)
        return answer.body ? take_verdict(arena, answer.body, next, ret_verdict, err)
                           : gb_err_set(err, GB_ERR_INPUT, "the server's answer is empty");
    *ret_code = answer.code;
    if (answer.status == 409 && answer.body)
        *ret_follow = report_next_read(arena, json_get(answer.body, "next"), gb_clock_ms(), next,
                                       NULL) == GB_OK;
    return r;
}

static int try_once(const struct config *config, struct machine *machine, struct link *link,
                    struct gb_arena *arena, struct collected *collected, struct report_next *next,
                    struct report_verdict *ret_verdict, bool *ret_follow, const char **ret_code,
                    struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf evidence;
    gb_buf_init(&evidence, MAX_EVIDENCE);
    int r = GB_OK;
    if (!next->known || gb_clock_ms() >= next->expires_ms)
        r = ask(link, arena, next, ret_code, err);
    if (r == GB_OK)
        r = make_evidence(config, machine, arena, collected, next, &evidence, err);
    if (r < 0) {
        next->known = false;
        return r;
    }
    return post(link, arena, gb_buf_bytes(&evidence), next, ret_verdict, ret_follow, ret_code, err);
}

int report_round(const struct config *config, struct machine *machine, struct link *link,
                 struct gb_arena *arena, struct collected *collected, struct report_next *next,
                 struct report_verdict *ret_verdict, const char **ret_code, struct gb_err *err)
{
    int r = GB_OK;
    bool follow = true;
    *ret_code = "";
    for (int i = 0; i < FOLLOW && follow; i++) {
        follow = false;
        r = try_once(config, machine, link, arena, collected, next, ret_verdict, &follow, ret_code,
                     err);
        if (r == GB_OK)
            return r;
    }
    return r;
}
