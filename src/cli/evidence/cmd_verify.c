#include <string.h>

#include "attest/attest.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/evidence/attest_dir.h"
#include "cli/evidence/facts_arg.h"
#include "cli/evidence/trust_files.h"
#include "cli/evidence/verify_node.h"
#include "cli/output.h"
#include "crypto/x509.h"
#include "policy/select.h"
#include "result/verdict.h"
#include "verify/facts.h"
#include "verify/verify.h"

static const struct cmd_option options[] = {
    {"policy", "FILE", "judge against this policy and its reference sets", true, 0},
    {"officer", "KEY.pem", "a security officer: the policy must carry such signatures", true, 0},
    {"root", "CA.pem", "a TPM manufacturer's root certificate that you trust", true, 0},
    {"nonce", "HEX", "the nonce you asked with (default: the file nonce, if there)", false, 0},
    {"time", "TIME", "judge certificates at this time, RFC 3339 (default: now)", false, 0},
    {"node-name", "NAME", "judge it as the node of this name (spec.nodes.names)", false, 0},
    {"label", "KEY=VALUE", "and of this label (spec.nodes.labels, appliesTo.labels)", true, 0},
    {"node", "NODE", "instead of a folder: what the server has kept of this node", false, 0},
    {"at", "TIME", "with --node: its state at this time, RFC 3339 (default: the newest)", false, 0},
    {"now", NULL, "with --node: the exit code is that of today's documents, not of then", false, 0},
    {"save", "DIR", "with --node: write the evidence to a new folder, for verify DIR", false, 0},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

/* What goes with a node does not go with a folder, and the other way round. */
static int check_options(const struct cmd_line *line)
{
    static const char *const of_node[] = {"at", "now", "save", "server"};
    static const char *const of_folder[] = {"policy", "nonce", "time", "label", "node-name"};
    bool node = cmd_has(line, "node");
    if (node && line->arg_count > 0)
        return output_usage(line, "a folder or --node, not both");
    if (!node && line->arg_count == 0)
        return output_usage(line, "it needs DIR, a folder of evidence, or --node NODE");
    const char *const *wrong = node ? of_folder : of_node;
    size_t count = node ? GB_ARRAY_LEN(of_folder) : GB_ARRAY_LEN(of_node);
    for (size_t i = 0; i < count; i++)
        if (cmd_has(line, wrong[i]))
            return output_usage(line, "--%s does not go %s --node", wrong[i],
                                node ? "with" : "without");
    return CMD_OK;
}

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
    return verdict_is_yes(verdict->tier) || verdict_is_trusted(verdict) ? CMD_OK
                                                                        : CMD_CONTRAINDICATED;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    struct trust trust;
    struct node_facts facts;
    struct asked asked;
    struct verdict verdict;
    int code = check_options(line);
    if (code != CMD_OK)
        return code;
    if (cmd_has(line, "node"))
        return verify_node(line, arena, err);
    code = read_asked(arena, line, &asked);
    if (code == CMD_OK)
        code = facts_arg_read(arena, line, &facts);
    if (code != CMD_OK)
        return code;
    asked.facts = &facts;
    int r = trust_files_read(arena, line, &trust, &roots, err);
    if (r < 0)
        return r;
    asked.allow_expired = policy_allows_expired(&trust.policy, asked.facts);
    r = attest_dir(arena, &trust, &asked, line->args[0], NULL, &verdict, err);
    return r < 0 ? r : print(line, arena, &verdict);
}

const struct cmd cmd_verify = {
    .name = "verify",
    .args = "[DIR]",
    .min_args = 0,
    .max_args = 1,
    .summary = "prove evidence and judge it, link by link: a folder, or a node's that is kept",
    .examples =
        "  garboard verify evidence/\n"
        "  garboard verify evidence/ --policy known-good.yaml --format json\n"
        "  garboard verify evidence/ --root vendor-ca.pem --nonce 00112233445566778899\n"
        "  garboard verify evidence/ --policy p.yaml --node-name worker-1 --label site=fra-2\n"
        "  garboard verify --node worker-1 --at 2026-11-28T12:00:00Z\n",
    .options = options,
    .run = run,
};
