/* Rules of one policy that let pass what they seem to refuse. */
#include <inttypes.h>
#include <string.h>

#include "policy/judge/tpm_kind.h"
#include "policy/lint/lint.h"
#include "policy/lint/lint_parts.h"
#include "policy/policy.h"
#include "policy/rules/cmdline.h"
#include "policy/rules/pattern.h"
#include "policy/rules/rules.h"

enum { DAY_S = 24 * 3600 };

static bool is_any(const char *pattern)
{
    return !pattern || strspn(pattern, "*") == strlen(pattern);
}

/* ---- rules of a line or two ---- */

static void lint_deny(struct lints *lints, const struct node_policy *node)
{
    const struct deny_rules *deny = &node->rules.deny;
    for (size_t i = 1; i < deny->key_count; i++) {
        const struct deny_key *one = &deny->keys[i - 1], *two = &deny->keys[i];
        if (!gb_bytes_equal(one->digest, two->digest) || one->rule == two->rule)
            continue;
        size_t a = (size_t)(one->rule - deny->items), b = (size_t)(two->rule - deny->items);
        lint_policy(
            lints, node, lint_item(lints, "spec/deny", a > b ? a : b),
            "take one of both off the list",
            "this digest stands on the list already: only one of both reasons is ever told");
    }
}

static void lint_tpm(struct lints *lints, const struct node_policy *node)
{
    const struct tpm_rule *tpm = &node->rules.tpm;
    for (size_t i = 0; i < tpm->allow_count; i++) {
        const struct tpm_kind *kind = &tpm->allow[i];
        if (is_any(kind->manufacturer) && is_any(kind->model) && is_any(kind->firmware))
            lint_policy(lints, node, lint_item(lints, "spec/tpm/allow", i),
                        "name the makers and models that you bought",
                        "this allows every kind of TPM, weak ones too");
    }
}

void lint_rules(struct lints *lints, const struct node_policy *node)
{
    const struct node_rules *rules = &node->rules;
    if (node->mode == POLICY_WARN)
        lint_policy(lints, node, "spec/mode", "set mode: enforce once its verdicts are as expected",
                    "mode warn: a node that this policy refuses still counts as trusted");
    if (rules->secure_boot.want != POLICY_ON)
        lint_policy(lints, node, "spec/secureBoot", "write secureBoot: \"on\"",
                    "Secure Boot may be off");
    if (node->allow_expired_ek)
        lint_policy(lints, node, "spec/identity/expired",
                    "refuse, once such TPMs have other certificates or are gone",
                    "EK certificates may have ended: their makers vouch for them no more");
    if (rules->freshness_s > DAY_S)
        lint_policy(lints, node, "spec/freshness", "minutes are usual: freshness: 5m",
                    "a node stays trusted for %" PRId64 " hours after its last proof",
                    rules->freshness_s / 3600);
    lint_deny(lints, node);
    lint_tpm(lints, node);
}

/* ---- the command line ---- */

/* Each takes something away that policies rest on. */
static const char *const dangerous[] = {
    "init=/bin/sh",        "rdinit=/bin/sh",
    "ima_policy=none",     "ima_appraise=off",
    "ima_template=ima",    "module.sig_enforce=0",
    "lockdown=none",       "systemd.unit=rescue.target",
    "systemd.debug-shell", "systemd.mask=auditd.service",
    "selinux=0",           "apparmor=0",
};

static bool matches_any(const struct rule_words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (pattern_matches(gb_bytes_str(words->items[i]), gb_bytes_str(word)))
            return true;
    return false;
}

static void lint_allow(struct lints *lints, const struct node_policy *node)
{
    const struct cmdline_rule *rule = &node->rules.cmdline;
    bool denied[GB_ARRAY_LEN(dangerous)];
    for (size_t k = 0; k < GB_ARRAY_LEN(dangerous); k++)
        denied[k] = matches_any(&rule->deny, dangerous[k]);
    for (size_t i = 0; i < rule->allow.count; i++) {
        const char *pattern = rule->allow.items[i], *found = NULL;
        for (size_t k = 0; strchr(pattern, '*') && !found && k < GB_ARRAY_LEN(dangerous); k++)
            if (!denied[k] && pattern_matches(gb_bytes_str(pattern), gb_bytes_str(dangerous[k])))
                found = dangerous[k];
        if (found)
            lint_policy(lints, node, lint_item(lints, "spec/cmdline/allow", i),
                        "name the words that you boot with, or deny that one",
                        "\"%.100s\" lets the word %s pass", pattern, found);
    }
}

/* A pattern that no word can match. */
static void lint_blanks(struct lints *lints, const struct node_policy *node,
                        const struct rule_words *words, const char *list)
{
    for (size_t i = 0; i < words->count; i++) {
        struct gb_bytes rest = gb_bytes_str(words->items[i]), whole = rest;
        if (cmdline_word(&rest).len < whole.len)
            lint_policy(lints, node, lint_item(lints, list, i), "write one item for each word",
                        "no word has a blank, so \"%.100s\" matches nothing", words->items[i]);
    }
}

static void lint_require(struct lints *lints, const struct node_policy *node)
{
    const struct cmdline_rule *rule = &node->rules.cmdline;
    for (size_t i = 0; i < rule->require.count; i++) {
        const char *word = rule->require.items[i];
        const char *path = lint_item(lints, "spec/cmdline/require", i);
        if (is_any(word))
            lint_policy(lints, node, path, "name the word", "every word matches \"%s\"", word);
        else if (!strchr(word, '*') && matches_any(&rule->deny, word))
            lint_policy(lints, node, path, "take it off one of both lists",
                        "\"%.100s\" is required and denied, so every node is refused", word);
    }
}

void lint_cmdline(struct lints *lints, const struct node_policy *node)
{
    const struct cmdline_rule *rule = &node->rules.cmdline;
    lint_blanks(lints, node, &rule->require, "spec/cmdline/require");
    lint_blanks(lints, node, &rule->allow, "spec/cmdline/allow");
    lint_blanks(lints, node, &rule->deny, "spec/cmdline/deny");
    lint_require(lints, node);
    lint_allow(lints, node);
}
