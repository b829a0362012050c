/*
 * Strict reading of a YAML document's fields. Every mistake is GB_ERR_CONFIG and reads
 * "file.yaml:12: unknown field \"pcrs\" (did you mean \"pcr\"?)": file, line, and the nearest known
 * name.
 */
#ifndef GB_POLICY_FIELD_H
#define GB_POLICY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "wire/yaml.h"

/* The file that is being read. */
struct field_file {
    struct gb_arena *arena;
    const char *name;
};

/* The names that may stand in one place. */
struct field_names {
    const char *const *names;
    size_t count;
};

#define FIELD_NAMES(array) ((struct field_names){.names = (array), .count = GB_ARRAY_LEN(array)})

/* "name:line: ...". Untrusted text goes through field_shown first. */
int field_wrong(const struct field_file *file, unsigned line, struct gb_err *err, const char *fmt,
                ...) GB_PRINTF(4, 5);
/* Foreign text, safe and short enough for a message. Never NULL. */
const char *field_shown(const struct field_file *file, struct gb_bytes text);
/* The error for a name that is none: `unknown link "kernle" (did you mean "kernel"?)`. */
int field_unknown(const struct field_file *file, unsigned line, const char *what,
                  struct gb_bytes word, struct field_names known, struct gb_err *err);

/* `node` must be a mapping with no other keys than `known`; `what` names it when it has no key. */
GB_MUST_USE int field_mapping(const struct field_file *file, const struct yaml_node *node,
                              const char *what, struct field_names known, struct gb_err *err);
/* The member `key` of that kind; *ret_node is NULL when it is absent and not required. */
GB_MUST_USE int field_get(const struct field_file *file, const struct yaml_node *mapping,
                          const char *key, enum yaml_kind kind, bool required,
                          const struct yaml_node **ret_node, struct gb_err *err);

/* A scalar that is a decimal number from `min` to `max`. */
GB_MUST_USE int field_number(const struct field_file *file, const struct yaml_node *node,
                             uint64_t min, uint64_t max, uint64_t *ret_value, struct gb_err *err);
/* A scalar that is one of `known`; its position. `what` is the word for it in the message. */
GB_MUST_USE int field_choice(const struct field_file *file, const struct yaml_node *node,
                             const char *what, struct field_names known, size_t *ret_index,
                             struct gb_err *err);
/* Text that may be printed as it stands: no control or direction characters. A copy with a NUL. */
GB_MUST_USE int field_printable(const struct field_file *file, const struct yaml_node *node,
                                const char **ret_text, struct gb_err *err);
/* Any text, as it stands. A copy with a NUL behind it. */
GB_MUST_USE int field_text(const struct field_file *file, const struct yaml_node *node,
                           const char **ret_text, struct gb_err *err);
/* A name as Kubernetes takes it (RFC 1123 subdomain), so that every document can be a custom
 * resource: lower case letters, digits, '-' and '.', at most 253. */
bool field_name_ok(struct gb_bytes name);
GB_MUST_USE int field_name(const struct field_file *file, const struct yaml_node *node,
                           const char **ret_name, struct gb_err *err);

#endif
