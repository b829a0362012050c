/* A document as JSON: the form that a custom resource has. */
#ifndef GB_CLI_DOC_JSON_H
#define GB_CLI_DOC_JSON_H

#include "base/arena.h"
#include "wire/json.h"
#include "wire/yaml.h"

/* Plain decimal numbers, true and false become what they look like, all else is text: so the
 * document's signatures stay good (docs/formats/policy.md). NULL: out of memory. */
struct json *doc_json(struct gb_arena *arena, const struct yaml_node *node);

#endif
