/*
 * What NodePolicy.spec asks beyond reference sets: Secure Boot's lists, digests that are never
 * accepted, words of the command line, option ROMs, TPM models, what IMA may leave open, freshness.
 * Every rule is judged on proven data alone; a rule whose data is not proven is not met.
 */
#ifndef GB_POLICY_RULES_H
#define GB_POLICY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "policy/documents/field.h"
#include "policy/judge/tpm_kind.h"
#include "policy/sets/ima_signers.h"
#include "wire/yaml.h"

enum policy_want { POLICY_ANY, POLICY_ON, POLICY_OFF };

/* spec.secureBoot */
struct secure_boot_rule {
    enum policy_want want;
    const struct gb_bytes *dbx; /* SHA-256 digests that the measured dbx must hold */
    size_t dbx_count;
    const struct sbat_rule *sbat; /* generations that SbatLevel must demand at least */
    size_t sbat_count;
};

struct sbat_rule {
    const char *component;
    uint64_t generation;
};

/* spec.deny: one thing that is never accepted. */
struct deny_rule {
    struct gb_bytes digest[DIGEST_ALGS]; /* by position in digest_algs; empty when not given */
    const char *reason;
};

struct deny_rules {
    const struct deny_rule *items;
    size_t count;
    const struct deny_key *keys; /* all their digests by length, then by bytes */
    size_t key_count;
};

struct deny_key {
    struct gb_bytes digest;
    const struct deny_rule *rule;
};

/* Patterns, as pattern.h has them. */
struct rule_words {
    const char *const *items;
    size_t count;
};

/* spec.cmdline, word by word */
struct cmdline_rule {
    bool given;
    bool has_allow;            /* `allow` is there: nothing else may stand on the command line */
    struct rule_words require; /* each must match one word */
    struct rule_words allow;   /* every word must match one of these, or of `require` */
    struct rule_words deny;    /* no word may match */
};

/* spec.optionRoms */
enum option_roms_rule { OPTION_ROMS_ANY, OPTION_ROMS_KNOWN, OPTION_ROMS_NONE };

/* spec.tpm */
struct tpm_rule {
    bool hardware; /* virtual ones do not count, nor those of whom it is not known */
    bool has_allow;
    const struct tpm_kind *allow;
    size_t allow_count;
    const struct tpm_kind *deny;
    size_t deny_count;
};

/* spec.ima.criticalData: what the kernel measures of itself (ima-buf). */
enum critical_rule { CRITICAL_KNOWN, CRITICAL_ALLOW, CRITICAL_REFUSE };

/* A file that may be unknown, because somebody said why. */
struct ima_exception {
    const char *path; /* a pattern */
    const char *reason;
    const char *until; /* "2027-01-01", its last day (UTC); NULL: for good */
    int64_t until_s;   /* the first second that it does not hold any more; INT64_MAX: for good */
};

/* spec.ima */
struct ima_rule {
    bool allow_violations;
    enum critical_rule critical;
    const struct ima_exception *exceptions;
    size_t exception_count;
    struct ima_signers signers;
};

struct node_rules {
    struct secure_boot_rule secure_boot;
    struct deny_rules deny;
    struct cmdline_rule cmdline;
    enum option_roms_rule option_roms;
    struct tpm_rule tpm;
    struct ima_rule ima;
    int64_t freshness_s; /* a proof older than this is stale; 0: as the server is configured */
};

/* The names of spec's fields that are rules. */
#define RULES_FIELDS "secureBoot", "deny", "cmdline", "optionRoms", "tpm", "ima", "freshness"

/* The rule that denies this digest, or NULL. */
const struct deny_rule *deny_rules_find(const struct deny_rules *rules, struct gb_bytes digest);

/* Reads the rules among the fields of `spec`. GB_ERR_CONFIG, NOMEM. */
GB_MUST_USE int node_rules_read(const struct field_file *file, const struct yaml_node *spec,
                                struct node_rules *ret_rules, struct gb_err *err);
/* As fields of spec; reads back the same. */
void node_rules_write(struct gb_buf *out, const struct node_rules *rules);

#endif
