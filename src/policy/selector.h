/* Which nodes a policy is for, and which machines a reference set speaks for: labels that must be
 * equal, words that must match a pattern. What is not named is not asked. */
#ifndef GB_POLICY_SELECTOR_H
#define GB_POLICY_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/labels.h"
#include "policy/documents/field.h"
#include "policy/sets/said.h"
#include "verify/facts.h"
#include "wire/yaml.h"

/* NodePolicy.spec.nodes. All zero: every node. */
struct node_selector {
    const struct gb_label *labels; /* all of them; the value may be a pattern */
    size_t label_count;
    const char *const *names; /* one of these patterns */
    size_t name_count;
};

/* ReferenceSet.spec.appliesTo. All zero: every machine. Patterns, or NULL. */
struct set_selector {
    const char *vendor;
    const char *model;
    const char *firmware;
    const char *distribution;
    const char *kernel;
    const struct gb_label *labels;
    size_t label_count;
};

/* `facts` may be NULL: then only a selector that asks nothing matches. */
bool node_selector_matches(const struct node_selector *selector, const struct node_facts *facts);
bool set_selector_matches(const struct set_selector *selector, const struct node_facts *facts,
                          const struct said *said);
/* Whether it is for nodes with these labels, whatever the machine says of itself. */
bool set_selector_labels_match(const struct set_selector *selector, const struct node_facts *facts);

/* The value of spec.nodes or spec.appliesTo; `node` is a mapping. GB_ERR_CONFIG, NOMEM. */
GB_MUST_USE int node_selector_read(const struct field_file *file, const struct yaml_node *node,
                                   struct node_selector *ret_selector, struct gb_err *err);
GB_MUST_USE int set_selector_read(const struct field_file *file, const struct yaml_node *node,
                                  struct set_selector *ret_selector, struct gb_err *err);
/* As they are read, key included; nothing when they ask nothing. */
void node_selector_write(struct gb_buf *out, const struct node_selector *selector);
void set_selector_write(struct gb_buf *out, const struct set_selector *selector);

#endif
