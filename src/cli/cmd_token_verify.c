/* garboard token verify: what a relying party does with an attestation result (docs/tokens.md). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/key_set.h"
#include "cli/output.h"
#include "os/file.h"
#include "result/ear.h"
#include "result/verdict.h"
#include "wire/json.h"
#include "wire/jwt.h"

enum { LEEWAY_S = 30, SHOWN = 200 };

/* What was read, and proven. */
struct checked {
    struct jwt jwt; /* owned */
    struct ear_said said;
    int64_t now_s;
};

static void checked_done(struct checked *checked)
{
    jwt_done(&checked->jwt);
}

/* It verifies, and is not what was asked for. */
static int refuse(struct gb_err *err, const char *what, const char *found, const char *wanted)
{
    return gb_err_set(err, GB_ERR_DENIED, "the token is of %s %s, not of %s", what, found, wanted);
}

/* --node: the id, or the whole SPIFFE ID. */
static int check_node(struct gb_arena *arena, const struct checked *checked, const char *wanted,
                      struct gb_err *err)
{
    const char *subject = checked->jwt.subject ? checked->jwt.subject : "";
    const char *slash = strrchr(subject, '/');
    if (!wanted || strcmp(subject, wanted) == 0 || (slash && strcmp(slash + 1, wanted) == 0))
        return GB_OK;
    const char *shown = gb_text_escape(arena, gb_bytes_str(subject), SHOWN);
    return refuse(err, "node", shown ? shown : "?", wanted);
}

/* --nonce: as it was given to the node. */
static int check_nonce(struct gb_arena *arena, const struct checked *checked, const char *wanted,
                       struct gb_err *err)
{
    size_t len = wanted ? strlen(wanted) / 2 : 0;
    uint8_t *bytes = gb_arena_new_array(arena, uint8_t, len + 1);
    if (!wanted)
        return GB_OK;
    if (!bytes || len == 0 || !gb_hex_decode(gb_bytes_str(wanted), bytes, len))
        return gb_err_set(err, GB_ERR_CONFIG, "--nonce is bytes as hex digits");
    const char *text = gb_base64url(arena, gb_bytes(bytes, len));
    if (text && gb_bytes_is(checked->said.nonce, text))
        return GB_OK;
    return gb_err_set(err, GB_ERR_DENIED, "the token answers another nonce");
}

static int check(struct gb_arena *arena, const struct cmd_line *line, struct gb_bytes token,
                 struct checked *checked, struct gb_err *err)
{
    gb_cleanup(jwks_freep) struct jwks *keys = NULL;
    const char *domain = cmd_value(line, "domain");
    const char *issuer = domain ? gb_arena_printf(arena, "spiffe://%s/keyd", domain) : NULL;
    const struct jwt_rules rules = {
        .algs = JWT_ES256, .issuer = issuer, .now_s = checked->now_s, .leeway_s = LEEWAY_S};
    const char *key_id = NULL;
    const char *named = NULL;
    int r = jwt_peek(arena, token, &key_id, &named, err); /* before anybody is asked */
    if (r == GB_ERR_INPUT)
        gb_err_prefix(err, "%s is no token: ", line->arg_count > 0 ? line->args[0] : "what came");
    if (r < 0)
        return r;
    r = key_set_read(arena, line, &keys, err);
    if (r == GB_ERR_DENIED || r == GB_ERR_NOTFOUND) /* of the keys, not of the token */
        r = GB_ERR_CONFIG;
    if (r == GB_OK)
        r = jwt_verify(arena, token, keys, &rules, &checked->jwt, err);
    if (r == GB_OK)
        r = ear_read(checked->jwt.claims, &checked->said, err);
    if (r == GB_OK)
        r = check_node(arena, checked, cmd_value(line, "node"), err);
    return r < 0 ? r : check_nonce(arena, checked, cmd_value(line, "nonce"), err);
}

static const char *shown(struct gb_arena *arena, struct gb_bytes text)
{
    const char *safe = text.len > 0 ? gb_text_escape(arena, text, SHOWN) : NULL;
    return safe ? safe : "-";
}

static const char *shown_text(struct gb_arena *arena, const char *text)
{
    return text ? shown(arena, gb_bytes_str(text)) : "-";
}

static struct json *vector_json(const struct ear_said *said)
{
    struct json *vector = json_new_object();
    for (int i = EAR_CLAIM_NONE + 1; i < EAR_CLAIM_COUNT; i++)
        if (said->vector[i] != 0)
            json_set(vector, ear_claim_name((enum ear_claim)i), json_number(said->vector[i]));
    return vector;
}

static struct json *checked_json(struct gb_arena *arena, const struct checked *checked)
{
    const struct ear_said *said = &checked->said;
    struct json *object = json_new_object();
    char end[GB_CLOCK_TEXT];
    int64_t left_s = checked->jwt.expires_s - checked->now_s;
    gb_clock_text(checked->jwt.expires_s, end);
    json_set(object, "subject", json_text(checked->jwt.subject));
    json_set(object, "issuer", json_text(checked->jwt.issuer));
    json_set(object, "status", json_text(gb_tier_name(said->status)));
    json_set(object, "vector", vector_json(said));
    json_set(object, "policy",
             said->policy.len > 0 ? json_text(shown(arena, said->policy)) : json_text(NULL));
    json_set(object, "verifier", json_text(shown(arena, said->build)));
    json_set(object, "expires_at", json_text(end));
    json_set(object, "remaining_s", json_number(left_s > 0 ? (uint64_t)left_s : 0));
    return object;
}

static void print_text(const struct cmd_line *line, struct gb_arena *arena,
                       const struct checked *checked)
{
    const struct ear_said *said = &checked->said;
    int64_t left_s = checked->jwt.expires_s - checked->now_s;
    printf("%s%s%s  %s\n", output_colour(line, said->status), gb_tier_name(said->status),
           output_reset(line), shown_text(arena, checked->jwt.subject));
    printf("  issued by  %s (%s)\n", shown_text(arena, checked->jwt.issuer),
           shown(arena, said->build));
    printf("  policy     %s\n", shown(arena, said->policy));
    printf("  ends in    %" PRId64 " s\n", left_s > 0 ? left_s : 0);
    for (int i = EAR_CLAIM_NONE + 1; i < EAR_CLAIM_COUNT; i++) {
        uint8_t value = said->vector[i];
        if (value == 0)
            continue;
        printf("  %-17s  %s%3u%s  %s\n", ear_claim_name((enum ear_claim)i),
               output_colour(line, ear_value_tier(value)), value, output_reset(line),
               ear_value_words((enum ear_claim)i, value));
    }
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct checked *checked)
{
    int code = CMD_OK;
    if (line->json) {
        code = output_json(checked_json(arena, checked));
    } else {
        print_text(line, arena, checked);
        code = output_flush();
    }
    if (code != CMD_OK)
        return code;
    return verdict_is_yes(checked->said.status) ? CMD_OK : CMD_CONTRAINDICATED;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(checked_done) struct checked checked = {.now_s = gb_clock_s()};
    struct gb_bytes token;
    int r = file_read(arena, line->arg_count > 0 ? line->args[0] : "-", GB_LIMIT_JWT, &token, err);
    if (r < 0)
        return r;
    r = check(arena, line, gb_text_trim(token), &checked, err);
    if (r == GB_ERR_DENIED || r == GB_ERR_NOTFOUND) {
        fprintf(stderr, "garboard: not verified: %s\n", err->text);
        return CMD_CONTRAINDICATED;
    }
    return r < 0 ? r : print(line, arena, &checked);
}

static const struct cmd_option options[] = {
    {"jwks", "FILE|URL", "the keys (default: the server of client.conf is asked)", false, 0},
    {"domain", "NAME", "the trust domain whose keyd must have signed", false, 0},
    {"node", "ID", "the node of whom it must speak: its id, or its SPIFFE ID", false, 0},
    {"nonce", "HEX", "the nonce that it must answer", false, 0},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_token_verify = {
    .name = "token verify",
    .args = "[FILE]",
    .min_args = 0,
    .max_args = 1,
    .summary = "verify an attestation result and say what it tells",
    .examples = "  garboard-agent token | garboard token verify --domain example.org\n"
                "  garboard token verify result.jwt --jwks keys.json\n"
                "  garboard token verify result.jwt --jwks https://attest.example.org:8441/v1/jwks "
                "--ca ca.pem\n",
    .options = options,
    .run = run,
};
