/*
 * What differs between two documents, field by field. Signatures and layout say nothing; lists are
 * compared as sets, for what is in them is what counts, and may be a million digests.
 */
#ifndef GB_CLI_DOC_DIFF_H
#define GB_CLI_DOC_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "wire/json.h"
#include "wire/yaml.h"

/* One field. Texts are printable. */
struct doc_field {
    struct doc_field *next;
    const char *path;   /* "spec.require" */
    const char *from;   /* of a single value; NULL: it was not there */
    const char *to;     /* NULL: it is not there */
    const char **added; /* of a list */
    size_t added_count;
    const char **removed;
    size_t removed_count;
    bool is_list;
};

struct doc_diff {
    struct doc_field *first;
    struct doc_field **tail;
    size_t count;
};

/* `old` NULL: all of `fresh` is new. With `any_version` metadata.version is not compared. In the
 * arena. GB_ERR_NOMEM. */
GB_MUST_USE int doc_diff(struct gb_arena *arena, const struct yaml_node *old,
                         const struct yaml_node *fresh, bool any_version, struct doc_diff *ret_diff,
                         struct gb_err *err);
/* Lines for people, each field under two blanks; of long lists the first items. */
void doc_diff_print(const struct doc_diff *diff);
struct json *doc_diff_json(const struct doc_diff *diff);

#endif
