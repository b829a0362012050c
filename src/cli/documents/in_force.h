/* The documents that the server judges by, with their texts. */
#ifndef GB_CLI_IN_FORCE_H
#define GB_CLI_IN_FORCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/server_client.h"
#include "wire/json.h"
#include "wire/yaml.h"

struct in_force_doc {
    const struct json *item; /* as the server lists it */
    const char *kind;        /* printable */
    const char *name;
    uint64_t version;
    bool deleted;
    struct gb_bytes text; /* as it was applied */
};

struct in_force {
    struct json *reply; /* owned */
    struct in_force_doc *docs;
    size_t count;
};

/* 0; an exit code when the server refused, and has told why; a negative code. The rest lives in the
 * arena. */
GB_MUST_USE int in_force_get(struct server_client *client, struct gb_arena *arena,
                             struct in_force *ret_in_force, struct gb_err *err);
void in_force_done(struct in_force *in_force);
/* A tombstone, too; NULL: there is none. */
const struct in_force_doc *in_force_find(const struct in_force *in_force, const char *kind,
                                         const char *name);
/* GB_ERR_NOTFOUND with the nearest name of that kind. */
int in_force_missing(struct gb_arena *arena, const struct in_force *in_force, const char *kind,
                     const char *name, struct gb_err *err);
/* Its tree: a mapping. */
GB_MUST_USE int in_force_yaml(struct gb_arena *arena, const struct in_force_doc *doc,
                              const struct yaml_node **ret_node, struct gb_err *err);
/* The text of a scalar of `spec`, as it may be printed; `fallback` when it is not there. */
const char *in_force_spec(struct gb_arena *arena, const struct yaml_node *document, const char *key,
                          const char *fallback);

#endif
