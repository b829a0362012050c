/* What the server warns of in documents that it takes. */
#ifndef GB_CLI_APPLY_WARN_H
#define GB_CLI_APPLY_WARN_H

#include <stdbool.h>

#include "base/arena.h"
#include "cli/documents/apply_files.h"
#include "wire/json.h"

/*
 * Each on standard error: file, line, why, and beneath what to do. Notes only when asked for.
 * Takes over `warnings`, the server's list (NULL: none), and returns it with "place":"node.yaml:12"
 * for "line": the server counts in what it was sent, which may hold a signature more than the file.
 * The caller frees it.
 */
struct json *apply_warn(struct gb_arena *arena, const struct apply_files *files,
                        struct json *warnings, bool with_notes);

#endif
