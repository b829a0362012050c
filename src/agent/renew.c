#include "agent/renew.h"

#include <string.h>

#include "agent/config.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "agent/proof.h"
#include "agent/state.h"
#include "crypto/issue.h"
#include "wire/json.h"

bool renew_due(int64_t not_before_s, int64_t not_after_s, int64_t now_s)
{
    return now_s >= not_before_s + (not_after_s - not_before_s) / 3 * 2;
}

/* spiffe://DOMAIN/node/..., not .../joining/... */
static bool is_for_others(const struct issued *issued)
{
    return strstr(issued->spiffe_id, "/node/");
}

int renew_is_for_others(struct gb_arena *arena, const struct state *state, bool *ret_is,
                        struct gb_err *err)
{
    struct issued issued;
    int r = issued_read(arena, state->certificate, state->ca, &issued, err);
    if (r == GB_OK)
        *ret_is = is_for_others(&issued);
    return r;
}

int renew_is_due(struct gb_arena *arena, const struct state *state, int64_t now_s, bool *ret_due,
                 struct gb_err *err)
{
    struct issued issued;
    int r = issued_read(arena, state->certificate, state->ca, &issued, err);
    if (r == GB_OK)
        *ret_due =
            !is_for_others(&issued) || renew_due(issued.not_before_s, issued.not_after_s, now_s);
    return r;
}

/* The new certificate must be ours: of the same CA, for the same key. */
static int take_certificate(const struct machine *machine, struct gb_arena *arena,
                            const struct json *body, struct state *state, struct gb_err *err)
{
    const char *certificate;
    struct issued issued;
    struct state made = *state;
    int r = link_get_text(arena, body, "certificate", &certificate, err);
    if (r < 0)
        return r;
    made.certificate = gb_bytes_str(certificate);
    r = issued_read(arena, made.certificate, state->ca, &issued, err);
    if (r < 0)
        return r;
    if (memcmp(issued.fingerprint, machine->fingerprint, sizeof issued.fingerprint) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "the server sends a certificate for another key");
    return state_set(state, &made, err);
}

int renew(const struct config *config, struct machine *machine, struct link *link,
          struct gb_arena *arena, struct state *state, struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    struct json *body = NULL;
    int r = proof_make(config, machine, link, arena, &body, err);
    if (r == GB_OK)
        r = link_post_json(link, arena, "/v1/renew", body, &answer, err);
    return r < 0 ? r : take_certificate(machine, arena, answer.body, state, err);
}
