/* The parts of policy_lint: each appends what it finds. */
#ifndef GB_POLICY_LINT_PARTS_H
#define GB_POLICY_LINT_PARTS_H

#include "base/check.h"
#include "policy/lint/lint.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"

/* The remedy is a literal; `why` is made. Safe to print: words of policies are (field_printable).
 */
void lint_policy(struct lints *lints, const struct node_policy *node, const char *path,
                 const char *remedy, const char *why, ...) GB_PRINTF(5, 6);
void lint_set(struct lints *lints, const struct ref_set *set, const char *path, const char *remedy,
              const char *why, ...) GB_PRINTF(5, 6);
/* Of all documents together. */
void lint_all(struct lints *lints, const char *remedy, const char *why, ...) GB_PRINTF(3, 4);
/* "spec/deny/3"; NULL when out of memory. */
const char *lint_item(struct lints *lints, const char *list, size_t index);

/* Rules of one policy that let pass what they seem to refuse. */
void lint_rules(struct lints *lints, const struct node_policy *node);
void lint_cmdline(struct lints *lints, const struct node_policy *node);
void lint_ima(struct lints *lints, const struct node_policy *node);
/* Which sets count in it, and which links nothing speaks for. */
void lint_links(struct lints *lints, const struct node_policy *node);
/* Sets that decide nothing. */
void lint_sets(struct lints *lints);
/* The fleet: whom nothing judges, and what judges nobody. */
void lint_fleet(struct lints *lints);

#endif
