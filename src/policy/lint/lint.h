/*
 * What makes sound documents weaker than they look, or lets a part of them do nothing (T16): told
 * to whoever applies them, and never a reason to refuse. Pure; the catalogue is
 * docs/formats/policy.md, "What apply warns of".
 */
#ifndef GB_POLICY_LINT_H
#define GB_POLICY_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/policy.h"
#include "verify/facts.h"
#include "wire/yaml.h"

struct lint {
    struct lint *next;
    bool is_note;     /* what no policy of this kind can see; others are to be mended */
    const char *kind; /* of the document; NULL: all of them together */
    const char *name;
    const char *path;   /* of the field: "spec/ima/exceptions/2"; lint_line finds it */
    const char *why;    /* printable */
    const char *remedy; /* printable */
};

/* In the order of policies, then of sets. */
struct lints {
    struct gb_arena *arena;
    const struct lint_subject *subject;
    struct lint *first;
    struct lint *last;
    size_t count;
    size_t left_out; /* beyond GB_LIMIT_LINTS */
    bool failed;     /* out of memory */
};

struct lint_name {
    const char *kind;
    const char *name;
};

struct lint_subject {
    const struct policy *policy;   /* as it will be in force */
    const struct lint_name *fresh; /* documents to speak of; NULL: all. What concerns all together
                                      is told always */
    size_t fresh_count;
    const struct node_facts *nodes; /* the fleet; none: nothing is said of it */
    size_t node_count;
    int64_t now_s;
};

/* GB_ERR_NOMEM. The strings live in `arena`, or are borrowed from the policy. */
GB_MUST_USE int policy_lint(struct gb_arena *arena, const struct lint_subject *subject,
                            struct lints *ret_lints, struct gb_err *err);
/* The line of the field, or of what is nearest to it: of what holds it, when it is not there. */
unsigned lint_line(const struct yaml_node *document, const char *path);

#endif
