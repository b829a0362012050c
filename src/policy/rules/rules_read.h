/* One reader and one writer for each group of rules (rules_*.c), and what they share. */
#ifndef GB_POLICY_RULES_READ_H
#define GB_POLICY_RULES_READ_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/documents/field.h"
#include "policy/rules/rules.h"
#include "wire/yaml.h"

GB_MUST_USE int secure_boot_rule_read(const struct field_file *file, const struct yaml_node *spec,
                                      struct secure_boot_rule *ret_rule, struct gb_err *err);
void secure_boot_rule_write(struct gb_buf *out, const struct secure_boot_rule *rule);
GB_MUST_USE int deny_rules_read(const struct field_file *file, const struct yaml_node *spec,
                                struct deny_rules *ret_rules, struct gb_err *err);
void deny_rules_write(struct gb_buf *out, const struct deny_rules *rules);
GB_MUST_USE int cmdline_rule_read(const struct field_file *file, const struct yaml_node *spec,
                                  struct cmdline_rule *ret_rule, struct gb_err *err);
void cmdline_rule_write(struct gb_buf *out, const struct cmdline_rule *rule);
GB_MUST_USE int tpm_rule_read(const struct field_file *file, const struct yaml_node *spec,
                              struct tpm_rule *ret_rule, struct gb_err *err);
void tpm_rule_write(struct gb_buf *out, const struct tpm_rule *rule);
GB_MUST_USE int ima_rule_read(const struct field_file *file, const struct yaml_node *spec,
                              struct ima_rule *ret_rule, struct gb_err *err);
void ima_rule_write(struct gb_buf *out, const struct ima_rule *rule);

/* ---- shared ---- */

/* The sequence `key` of a mapping, at most GB_LIMIT_RULES items; *ret_list is NULL when it is
 * absent. */
GB_MUST_USE int rule_list(const struct field_file *file, const struct yaml_node *mapping,
                          const char *key, const struct yaml_node **ret_list, struct gb_err *err);
/* The text `key` of a mapping, printable and not empty; *ret_text is NULL when it is absent. */
GB_MUST_USE int rule_text(const struct field_file *file, const struct yaml_node *mapping,
                          const char *key, bool required, const char **ret_text,
                          struct gb_err *err);
/* The one of `names` that stands at `key`; *index stays as it is when it is absent. */
GB_MUST_USE int rule_choice(const struct field_file *file, const struct yaml_node *mapping,
                            const char *key, const char *what, struct field_names names,
                            size_t *index, struct gb_err *err);
/* A list of printable texts at `key`. */
GB_MUST_USE int rule_words(const struct field_file *file, const struct yaml_node *mapping,
                           const char *key, struct rule_words *ret_words, bool *ret_given,
                           struct gb_err *err);
/* A digest of `size` bytes in hex. */
GB_MUST_USE int rule_digest(const struct field_file *file, const struct yaml_node *node,
                            struct gb_bytes hex, size_t size, struct gb_bytes *ret_digest,
                            struct gb_err *err);
/* "90s", "5m", "2h", "7d": more than nothing, ten years at most. */
GB_MUST_USE bool rule_span(struct gb_bytes text, int64_t *ret_s);
/* "2027-01-31": the second at which the day begins, since 1970 (UTC). */
GB_MUST_USE bool rule_day(struct gb_bytes text, int64_t *ret_s);
/* "key: text\n" behind `before`. */
void rule_write_text(struct gb_buf *out, const char *before, const char *text);
void rule_write_words(struct gb_buf *out, const char *indent, const char *key,
                      const struct rule_words *words);
void rule_write_digest(struct gb_buf *out, const char *before, struct gb_bytes digest);

#endif
