#include "cli/evidence/verify_node.h"

#include <stdio.h>

#include "attest/again.h"
#include "attest/attest.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/evidence/evidence_save.h"
#include "cli/evidence/node_evidence.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "evidence/kept.h"
#include "os/file.h"
#include "policy/policy.h"
#include "result/verdict.h"
#include "verify/facts.h"
#include "wire/json.h"

struct verifying {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct digester *digester;
    struct kept *kept;
    struct policy_file roots[CMD_MAX_VALUES];
    size_t root_count;
    struct verdict then;
    struct verdict now;
};

static int read_at(const struct cmd_line *line, int64_t *ret_at_s)
{
    const char *at = cmd_value(line, "at");
    *ret_at_s = 0;
    if (at && (!gb_clock_parse(gb_bytes_str(at), ret_at_s) || *ret_at_s <= 0))
        return output_usage(line, "--at is like 2026-11-20T21:30:00Z, not \"%s\"", at);
    return CMD_OK;
}

static int read_roots(struct verifying *v, struct gb_err *err)
{
    size_t at = 0;
    for (const char *path; (path = cmd_next(v->line, "root", &at)); v->root_count++) {
        struct policy_file *root = &v->roots[v->root_count];
        root->name = path;
        int r = file_read(v->arena, path, GB_LIMIT_CERT, &root->bytes, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

static int judge(struct verifying *v, enum node_evidence_by by, int64_t time_s,
                 struct verdict *ret_verdict, struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    struct trust trust;
    struct node_facts facts;
    int r = node_evidence_facts(v->arena, v->kept, by, &facts, err);
    if (r == GB_OK)
        r = node_evidence_trust(v->arena, v->line, v->kept, by, v->roots, v->root_count, &trust,
                                &roots, err);
    return r < 0 ? r
                 : attest_again(v->arena, v->digester, &trust, v->kept, &facts, time_s, NULL,
                                ret_verdict, err);
}

static const char *roots_word(const struct verifying *v)
{
    return v->root_count > 0 ? "files" : "server";
}

/* ---- what comes out ---- */

static struct json *recorded_json(const struct verifying *v)
{
    struct json *json = NULL;
    if (!v->kept->verdict.data || json_read(v->kept->verdict, &json, NULL) < 0)
        return json_text(NULL);
    return json;
}

static struct json *time_json(int64_t time_s)
{
    char text[GB_CLOCK_TEXT];
    gb_clock_text(time_s, text);
    return json_text(text);
}

static int print_json(const struct verifying *v)
{
    struct json *json = json_new_object();
    json_set(json, "node", json_text(cmd_value(v->line, "node")));
    json_set(json, "verified_at", time_json(v->kept->issued_s));
    json_set(json, "judged_at", time_json(v->kept->judged_s));
    json_set(json, "roots", json_text(roots_word(v)));
    json_set(json, "signatures",
             json_text(cmd_has(v->line, "officer") ? "checked" : "not-checked"));
    json_set(json, "recorded", recorded_json(v));
    json_set(json, "then", verdict_json(v->arena, &v->then));
    json_set(json, "now", verdict_json(v->arena, &v->now));
    return output_json(json);
}

static void print_recorded(const struct verifying *v)
{
    gb_cleanup(json_freep) struct json *recorded = recorded_json(v);
    printf("Recorded then: %s, %s; policy: %s\n", reply_text(v->arena, recorded, "verdict"),
           reply_text(v->arena, recorded, "tier"), reply_text(v->arena, recorded, "policy"));
}

static int print_text(const struct verifying *v)
{
    char at[GB_CLOCK_TEXT], judged[GB_CLOCK_TEXT];
    gb_clock_text(v->kept->issued_s, at);
    gb_clock_text(v->kept->judged_s, judged);
    printf("%s: evidence verified at %s, judged at %s\n", cmd_value(v->line, "node"), at, judged);
    print_recorded(v);
    printf("Roots of TPM makers: %s\n",
           v->root_count > 0 ? "the files given"
                             : "those of the server (name yours with --root to rely on nobody)");
    printf("Signatures of the documents: %s\n",
           cmd_has(v->line, "officer")
               ? "good, by the officers given"
               : "not checked (name your officers with --officer to rely on nobody)");
    printf("\nUnder the documents of then:\n");
    int code = output_verdict(v->line, v->arena, &v->then);
    if (code != CMD_OK)
        return code;
    printf("\nUnder the documents in force now:\n");
    return output_verdict(v->line, v->arena, &v->now);
}

static int print(const struct verifying *v)
{
    const struct verdict *decides = cmd_has(v->line, "now") ? &v->now : &v->then;
    int code = v->line->json ? print_json(v) : print_text(v);
    if (code != CMD_OK)
        return code;
    return verdict_is_yes(decides->tier) || verdict_is_trusted(decides) ? CMD_OK
                                                                        : CMD_CONTRAINDICATED;
}

static int fetch(struct verifying *v, int64_t at_s, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    v->kept = gb_arena_new_one(v->arena, struct kept);
    int r = v->kept ? server_client_new(v->arena, v->line, &client, err) : gb_err_nomem(err);
    return r != 0 ? r
                  : node_evidence_fetch(client, v->arena, cmd_value(v->line, "node"), at_s, v->kept,
                                        err);
}

/* How the folder is judged as it was judged then: the labels chose the policy, and are not in it.
 */
static int tell_next(const struct verifying *v, const char *dir, struct gb_err *err)
{
    struct node_facts facts;
    char at[GB_CLOCK_TEXT];
    struct gb_buf text;
    int r = node_evidence_facts(v->arena, v->kept, NODE_EVIDENCE_THEN, &facts, err);
    if (r < 0)
        return r;
    gb_clock_text(v->kept->judged_s, at);
    gb_buf_init(&text, GB_LIMIT_POLICY);
    gb_buf_printf(&text, "garboard: judge it again: garboard verify %s", dir);
    if (v->kept->then.count > 0)
        gb_buf_printf(&text, " --policy %s/policy.yaml", dir);
    for (size_t i = 0; i < v->kept->roots.count; i++)
        gb_buf_printf(&text, " --root %s/root-%zu.pem", dir, i + 1);
    gb_buf_printf(&text, " --node-name %s", facts.name);
    for (size_t i = 0; i < facts.labels.count; i++)
        gb_buf_printf(&text, " --label %s=%s", facts.labels.items[i].key,
                      facts.labels.items[i].value);
    gb_buf_printf(&text, " --time %s\n", at);
    r = gb_buf_ok(&text) ? GB_OK : gb_err_nomem(err);
    if (r == GB_OK)
        fprintf(stderr, "%.*s", (int)text.len, (const char *)text.data);
    gb_buf_done(&text);
    return r;
}

int verify_node(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct verifying *v = gb_arena_new_one(arena, struct verifying);
    const char *dir = cmd_value(line, "save");
    int64_t at_s;
    int code = read_at(line, &at_s);
    if (code != CMD_OK)
        return code;
    int r = v ? digester_new(&digester, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    *v = (struct verifying){.line = line, .arena = arena, .digester = digester};
    r = read_roots(v, err);
    if (r == GB_OK)
        r = fetch(v, at_s, err);
    if (r == GB_OK && dir)
        r = evidence_save(arena, digester, v->kept, dir, err);
    if (r == GB_OK && dir)
        r = tell_next(v, dir, err);
    if (r == GB_OK)
        r = judge(v, NODE_EVIDENCE_THEN, v->kept->judged_s, &v->then, err);
    if (r == GB_OK)
        r = judge(v, NODE_EVIDENCE_NOW, gb_clock_s(), &v->now, err);
    return r != 0 ? r : print(v);
}
