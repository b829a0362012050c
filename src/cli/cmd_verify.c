#include <string.h>

#include "attest/attest.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "cli/attest_dir.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/trust_files.h"
#include "crypto/x509.h"
#include "result/verdict.h"
#include "verify/verify.h"

static const struct cmd_option options[] = {
    {"policy", "FILE", "judge against this policy and its reference sets", true, 0},
    {"officer", "KEY.pem", "a security officer: the policy must carry such signatures", true, 0},
    {"root", "CA.pem", "a TPM manufacturer's root certificate that you trust", true, 0},
    {"nonce", "HEX", "the nonce you asked with (default: the file nonce, if there)", false, 0},
    {"time", "TIME", "judge certificates at this time, RFC 3339 (default: now)", false, 0},
    {NULL, NULL, NULL, false, 0},
};

/* --nonce and --time; CMD_OK or CMD_USAGE. */
static int read_asked(struct gb_arena *arena, const struct cmd_line *line, struct asked *ret_asked)
{
    struct asked asked = {.time_s = gb_clock_s()};
    const char *nonce = cmd_value(line, "nonce");
    const char *when = cmd_value(line, "time");
    if (when && !gb_clock_parse(gb_bytes_str(when), &asked.time_s))
        return output_usage(line, "--time is like 2026-11-20T21:30:00Z, not \"%s\"", when);
    if (nonce) {
        size_t len = strlen(nonce) / 2;
        uint8_t *bytes = gb_arena_new_array(arena, uint8_t, len + 1);
        if (!bytes || len == 0 || len > GB_LIMIT_NONCE ||
            !gb_hex_decode(gb_bytes_str(nonce), bytes, len))
            return output_usage(line, "--nonce is 1 to %d bytes as hex digits", GB_LIMIT_NONCE);
        asked.has_nonce = true;
        asked.nonce = gb_bytes(bytes, len);
    }
    *ret_asked = asked;
    return CMD_OK;
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct verdict *verdict)
{
    int code = line->json ? output_json(verdict_json(arena, verdict))
                          : output_verdict(line, arena, verdict);
    if (code != CMD_OK)
        return code;
    return verdict_is_yes(verdict->tier) ? CMD_OK : CMD_CONTRAINDICATED;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    struct trust trust;
    struct asked asked;
    struct verdict verdict;
    int code = read_asked(arena, line, &asked);
    if (code != CMD_OK)
        return code;
    int r = trust_files_read(arena, line, &trust, &roots, err);
    if (r < 0)
        return r;
    asked.allow_expired = trust.policy.node && trust.policy.node->allow_expired_ek;
    r = attest_dir(arena, &trust, &asked, line->args[0], NULL, &verdict, err);
    return r < 0 ? r : print(line, arena, &verdict);
}

const struct cmd cmd_verify = {
    .name = "verify",
    .args = "DIR",
    .min_args = 1,
    .max_args = 1,
    .summary = "prove the evidence in a folder and judge it, link by link",
    .examples = "  garboard verify evidence/\n"
                "  garboard verify evidence/ --policy known-good.yaml --format json\n"
                "  garboard verify evidence/ --root vendor-ca.pem --nonce 00112233445566778899\n",
    .options = options,
    .run = run,
};
