/* garboard ima: what an IMA list says, and what PCR 10 would be. */
#include <stdio.h>

#include "base/encode.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/evidence/ima_text.h"
#include "cli/output.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "os/file.h"
#include "result/verdict.h"
#include "verify/replay_ima.h"
#include "wire/json.h"

enum { SHOWN_PATH = 4096 };

/* A list with all that we make of it. The second half of `pcr10` is padded. */
struct report {
    struct gb_arena *arena;
    struct digester *digester;
    struct ima_log log;
    struct replay_ima pcr10[2 * DIGEST_ALGS];
    bool *edited; /* a flag for each entry */
    struct gb_findings findings;
};

static int read_log(const struct cmd_line *line, struct report *report, struct gb_err *err)
{
    const char *hash = cmd_value(line, "template-hash");
    enum digest_alg alg = hash ? digest_from_name(gb_bytes_str(hash)) : DIGEST_NONE;
    struct gb_bytes in;
    int r = file_read(report->arena, line->args[0], GB_LIMIT_IMA_LOG, &in, err);
    if (r < 0)
        return r;
    r = ima_read(report->arena, in, alg, &report->log, err);
    if (r < 0) {
        const char *file =
            gb_text_escape(report->arena, gb_bytes_str(line->args[0]), GB_LIMIT_ERR_TEXT / 2);
        if (!file)
            return gb_err_nomem(err);
        gb_err_prefix(err, "%s: ", file);
    }
    return r;
}

static int replay(struct report *report, struct gb_err *err)
{
    struct replay_ima_answer answer;
    for (size_t i = 0; i < GB_ARRAY_LEN(report->pcr10); i++)
        replay_ima_init(&report->pcr10[i], digest_algs[i % DIGEST_ALGS], i >= DIGEST_ALGS);
    report->edited = gb_arena_new_array(report->arena, bool, report->log.count);
    if (!report->edited)
        return gb_err_nomem(err);
    return replay_ima_pass(report->digester, &report->log, NULL, report->pcr10,
                           GB_ARRAY_LEN(report->pcr10), report->edited, &answer, err);
}

/* What stands out in one entry. No policy is asked: that a violation may be allowed is for
 * `garboard verify --policy`. */
static int judge(struct report *report, size_t index, struct gb_err *err)
{
    const struct ima_entry *entry = &report->log.entries[index];
    const struct gb_event_ref event = {.log = GB_LOG_IMA, .index = (uint32_t)index};
    struct gb_arena *arena = report->arena;
    if (entry->is_violation) {
        const char *path = gb_text_escape(arena, entry->path, SHOWN_PATH);
        gb_finding_add(&report->findings, GB_FINDING_IMA_VIOLATION, event, path, NULL, NULL);
    }
    if (entry->pcr != REPLAY_IMA_PCR) {
        const char *pcr = gb_arena_printf(arena, "%u", entry->pcr);
        gb_finding_add(&report->findings, GB_FINDING_IMA_OTHER_PCR, event, pcr, NULL, NULL);
    }
    if (!report->edited[index])
        return GB_OK;
    return replay_ima_templates(report->digester, &report->log, index, index + 1, &report->findings,
                                err);
}

static int make_report(const struct cmd_line *line, struct report *report, struct gb_err *err)
{
    report->findings.arena = report->arena;
    int r = read_log(line, report, err);
    if (r == GB_OK)
        r = replay(report, err);
    for (size_t i = 0; r == GB_OK && i < report->log.count; i++)
        r = judge(report, i, err);
    if (r == GB_OK && report->findings.failed)
        r = gb_err_nomem(err);
    return r;
}

static struct json *values_json(const struct replay_ima *states)
{
    struct json *object = json_new_object();
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        json_set(object, digest_name(states[i].alg),
                 json_hex(gb_bytes(states[i].value, digest_size(states[i].alg))));
    return object;
}

static int print_json(const struct report *report)
{
    struct json *violations = json_new_array();
    struct json *mismatches = json_new_array();
    struct json *findings = json_new_array();
    for (size_t i = 0; i < report->log.count; i++) {
        if (report->log.entries[i].is_violation)
            json_push(violations, json_number(i));
        if (report->edited[i])
            json_push(mismatches, json_number(i));
    }
    for (const struct gb_finding *f = report->findings.first; f; f = f->next)
        json_push(findings, finding_json(report->arena, f, false));

    struct json *object = json_new_object();
    json_set(object, "entries", json_number(report->log.count));
    json_set(object, "violations", violations);
    json_set(object, "template_mismatches", mismatches);
    json_set(object, "pcr10", values_json(report->pcr10));
    json_set(object, "pcr10_padded", values_json(report->pcr10 + DIGEST_ALGS));
    json_set(object, "findings", findings);
    return output_json(object);
}

static int print_text(const struct cmd_line *line, const struct report *report)
{
    struct gb_err err;
    if (ima_text_entries(line, report->arena, &report->log, report->edited) < 0) {
        gb_err_nomem(&err);
        return output_error(&err);
    }
    printf("%zu %s, template digests in %s\n\nPCR 10\n", report->log.count,
           report->log.count == 1 ? "entry" : "entries", digest_name(report->log.template_alg));
    ima_text_values(report->pcr10, DIGEST_ALGS);
    printf("\nPCR 10 in banks that the kernel fills with padded SHA-1\n");
    ima_text_values(report->pcr10 + DIGEST_ALGS + 1, DIGEST_ALGS - 1);
    if (report->findings.count > 0)
        putchar('\n');
    return output_findings(line, report->arena, &report->findings);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    const char *hash = cmd_value(line, "template-hash");
    if (hash && digest_from_name(gb_bytes_str(hash)) == DIGEST_NONE)
        return output_usage(line, "--template-hash is sha1, sha256, sha384 or sha512, not \"%s\"",
                            hash);
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    struct report report = {.arena = arena, .digester = digester};
    if (r == GB_OK)
        r = make_report(line, &report, err);
    if (r < 0)
        return r;
    int code = line->json ? print_json(&report) : print_text(line, &report);
    if (code != CMD_OK)
        return code;
    return report.findings.worst == GB_TIER_CONTRAINDICATED ? CMD_CONTRAINDICATED : CMD_OK;
}

static const struct cmd_option options[] = {
    {"template-hash", "ALG",
     "algorithm of the list's template digests (default: found out, sha1 first)", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_ima = {
    .name = "ima",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "read an IMA measurement list, check every entry and replay PCR 10",
    .examples = "  garboard ima /sys/kernel/security/ima/binary_runtime_measurements\n"
                "  garboard ima ima_ascii --format json\n"
                "  garboard ima binary_runtime_measurements_sha256 --template-hash sha256\n",
    .options = options,
    .run = run,
};
