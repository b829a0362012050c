/* garboard reference suggest: drafts the sets that would make a node pass. */
#include <stdio.h>
#include <string.h>

#include "attest/again.h"
#include "attest/attest.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/evidence/attest_dir.h"
#include "cli/evidence/facts_arg.h"
#include "cli/evidence/node_evidence.h"
#include "cli/evidence/trust_files.h"
#include "cli/output.h"
#include "cli/reference/reference_out.h"
#include "cli/server_client.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "evidence/kept.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "policy/sets/refval.h"
#include "reference/suggest.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/facts.h"
#include "verify/verify.h"

struct suggesting {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct trust trust;
    struct x509_store *roots; /* owned */
    struct node_facts facts;
    struct kept kept;
    struct claims claims;
    struct verdict verdict;
    bool wanted[REF_CLASS_COUNT];
    struct reference_out out;
};

static int read_classes(struct suggesting *s)
{
    bool any = cmd_has(s->line, "class");
    size_t at = 0;
    for (int cls = REF_PLATFORM; cls < REF_CLASS_COUNT; cls++)
        s->wanted[cls] = !any;
    for (const char *name; (name = cmd_next(s->line, "class", &at));) {
        int cls = REF_PLATFORM;
        while (cls < REF_CLASS_COUNT && strcmp(name, ref_class_name((enum ref_class)cls)) != 0)
            cls++;
        if (cls == REF_CLASS_COUNT)
            return output_usage(s->line, "--class is platform, os, packages or engine, not \"%s\"",
                                name);
        s->wanted[cls] = true;
    }
    return CMD_OK;
}

static int check_options(const struct cmd_line *line)
{
    bool folder = cmd_has(line, "evidence");
    if (folder == (line->arg_count > 0))
        return output_usage(line, "it needs NODE, or --evidence DIR with --policy FILE");
    if (folder && !cmd_has(line, "policy"))
        return output_usage(line, "--evidence needs --policy FILE: what is accepted already");
    if (!folder && (cmd_has(line, "policy") || cmd_has(line, "root") ||
                    cmd_has(line, "node-name") || cmd_has(line, "label")))
        return output_usage(line, "--policy, --root, --node-name and --label go with --evidence");
    return CMD_OK;
}

/* ---- the two places where evidence comes from ---- */

static int judge_folder(struct suggesting *s, struct gb_err *err)
{
    struct asked asked = {.time_s = gb_clock_s(), .facts = &s->facts};
    int r = trust_files_read(s->arena, s->line, &s->trust, &s->roots, err);
    if (r < 0)
        return r;
    asked.allow_expired = policy_allows_expired(&s->trust.policy, &s->facts);
    return attest_dir(s->arena, &s->trust, &asked, cmd_value(s->line, "evidence"), &s->claims,
                      &s->verdict, err);
}

/* By what is in force now: what was accepted meanwhile needs no suggestion. */
static int judge_node(struct suggesting *s, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = server_client_new(s->arena, s->line, &client, err);
    if (r == 0)
        r = node_evidence_fetch(client, s->arena, s->line->args[0], 0, &s->kept, err);
    if (r == 0)
        r = node_evidence_facts(s->arena, &s->kept, NODE_EVIDENCE_NOW, &s->facts, err);
    if (r == 0)
        r = node_evidence_trust(s->arena, s->line, &s->kept, NODE_EVIDENCE_NOW, NULL, 0, &s->trust,
                                &s->roots, err);
    if (r == 0)
        r = digester_new(&digester, err);
    return r != 0 ? r
                  : attest_again(s->arena, digester, &s->trust, &s->kept, &s->facts, gb_clock_s(),
                                 &s->claims, &s->verdict, err);
}

/* ---- what comes out ---- */

static bool is_taken(const struct suggesting *s, const char *name)
{
    for (const struct ref_set *set = s->trust.policy.sets; set; set = set->next)
        if (strcmp(set->name, name) == 0)
            return true;
    return false;
}

/* An earlier suggestion of the name may be accepted: it must not be replaced. */
static const char *free_name(const struct suggesting *s, enum ref_class cls)
{
    const char *base = gb_arena_printf(s->arena, "%s-%s", s->out.name, ref_class_name(cls));
    const char *name = base;
    for (unsigned n = 2; name && is_taken(s, name); n++)
        name = gb_arena_printf(s->arena, "%s-%u", base, n);
    return name;
}

static int draft(struct suggesting *s, struct gb_err *err)
{
    for (int i = REF_PLATFORM; i < REF_CLASS_COUNT; i++) {
        enum ref_class cls = (enum ref_class)i;
        struct ref_set *set = NULL;
        if (!s->wanted[cls])
            continue;
        const char *name = free_name(s, cls);
        int r = name ? suggest(s->arena, &s->claims, &s->verdict, cls, name, &set, err)
                     : gb_err_nomem(err);
        if (r < 0)
            return r;
        if (set)
            s->out.sets[s->out.count++] = set;
    }
    return GB_OK;
}

/* Why the sets were drafted, as comments: who accepts them should know each file and event. */
static int explain(struct suggesting *s, struct gb_err *err)
{
    struct gb_buf text;
    gb_buf_init(&text, GB_LIMIT_POLICY);
    gb_buf_puts(&text, "# Suggested by garboard from what a node proved and no accepted set knows. "
                       "Accept it only\n# once you know why each of these is there:\n");
    for (const struct gb_finding *f = s->verdict.findings.first; f; f = f->next) {
        bool other = f->code == GB_FINDING_SET_OTHER_LIFE || f->code == GB_FINDING_SET_OTHER_BUILD;
        const char *message = gb_finding_message(s->arena, f);
        if (!message || (!other && !suggest_answers(f->code)))
            continue;
        gb_buf_printf(&text, "# - %s: %s", gb_link_name(f->link), message);
        if (f->event.log != GB_LOG_NONE)
            gb_buf_printf(&text, " [%s %u]", gb_log_name(f->event.log), f->event.index);
        gb_buf_puts(&text, "\n");
    }
    if (gb_buf_ok(&text))
        s->out.comment = gb_arena_printf(s->arena, "%.*s", (int)gb_buf_bytes(&text).len,
                                         (const char *)gb_buf_bytes(&text).data);
    gb_buf_done(&text);
    return s->out.comment ? GB_OK : gb_err_nomem(err);
}

/* What is wrong that no set can answer is told: the node does not pass by these sets alone. */
static void tell_rest(const struct suggesting *s)
{
    for (const struct gb_finding *f = s->verdict.findings.first; f; f = f->next) {
        const char *message = gb_finding_message(s->arena, f);
        if (!message || f->tier != GB_TIER_CONTRAINDICATED || suggest_answers(f->code) ||
            f->code == GB_FINDING_LINK_UNPROVEN || f->code == GB_FINDING_LINK_EARLIER)
            continue;
        fprintf(stderr, "garboard: no set answers this: %s: %s\n", gb_link_name(f->link), message);
    }
}

/* A policy that lists its sets takes no other. */
static void tell_next(const struct suggesting *s)
{
    struct selected selected;
    policy_select(&s->trust.policy, &s->facts, &selected);
    for (size_t i = 0; i < s->out.count; i++) {
        if (selected.node && selected.node->sets)
            fprintf(stderr, "garboard: policy %s lists its sets: add %s to its referenceSets\n",
                    selected.node->name, s->out.sets[i]->name);
        fprintf(stderr,
                "garboard: a candidate, which decides nothing: apply it, then: garboard "
                "reference accept %s\n",
                s->out.sets[i]->name);
    }
}

static int show(const struct suggesting *s)
{
    int code = s->line->json ? output_json(verdict_json(s->arena, &s->verdict))
                             : output_verdict(s->line, s->arena, &s->verdict);
    return code == CMD_OK ? CMD_CONTRAINDICATED : code;
}

static int write(struct suggesting *s, struct gb_err *err)
{
    if (suggest_refuses(&s->claims, &s->verdict)) {
        fputs("garboard: the evidence itself does not hold: nothing of it is suggested\n", stderr);
        return show(s);
    }
    int r = draft(s, err);
    if (r < 0)
        return r;
    tell_rest(s);
    if (s->out.count == 0 && verdict_is_trusted(&s->verdict)) {
        fputs("garboard: the node passes: there is nothing to suggest\n", stderr);
        return CMD_OK;
    }
    if (s->out.count == 0) {
        fputs("garboard: no set of these classes would mend this node\n", stderr);
        return show(s);
    }
    r = explain(s, err);
    if (r == GB_OK)
        r = reference_out_write(s->arena, s->line, &s->out, err);
    if (r == GB_OK)
        tell_next(s);
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct suggesting *s = gb_arena_new_one(arena, struct suggesting);
    if (!s)
        return gb_err_nomem(err);
    *s = (struct suggesting){.line = line, .arena = arena};
    int code = check_options(line);
    const char *from = cmd_has(line, "evidence") ? cmd_value(line, "evidence") : line->args[0];
    if (code == CMD_OK)
        code = read_classes(s);
    if (code == CMD_OK)
        code = facts_arg_read(arena, line, &s->facts);
    if (code == CMD_OK)
        code = reference_out_name(arena, line, "suggested", from, &s->out.name);
    if (code != CMD_OK)
        return code;
    int r = cmd_has(line, "evidence") ? judge_folder(s, err) : judge_node(s, err);
    if (r == 0)
        r = write(s, err);
    x509_store_freep(&s->roots);
    return r;
}

static const struct cmd_option options[] = {
    {"output", "FILE", "where to write (default: -, standard output)", false, 'o'},
    {"class", "CLASS", "only this class of sets: platform, os, packages or engine", true, 0},
    {"name", "NAME", "what names of sets begin with (default: suggested-NODE)", false, 0},
    {"evidence", "DIR", "instead of NODE: a folder of evidence; needs --policy", false, 0},
    {"policy", "FILE", "with --evidence: what is accepted already", true, 0},
    {"root", "CA.pem", "with --evidence: a TPM manufacturer's root that you trust", true, 0},
    {"node-name", "NAME", "with --evidence: judge it as the node of this name", false, 0},
    {"label", "KEY=VALUE", "with --evidence: and of this label", true, 0},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_reference_suggest = {
    .name = "reference suggest",
    .args = "[NODE]",
    .min_args = 0,
    .max_args = 1,
    .summary = "draft the candidate sets that would make a node pass",
    .examples =
        "  garboard reference suggest worker-1 -o draft.yaml\n"
        "  garboard reference suggest worker-1 --class packages\n"
        "  garboard reference suggest --evidence evidence/ --policy known-good.yaml\n"
        "  garboard reference suggest --evidence evidence/ --policy p.yaml --label site=fra-2\n",
    .options = options,
    .run = run,
};
