/* One request about what a command's first argument names. */
#ifndef GB_CLI_SERVER_NAMED_H
#define GB_CLI_SERVER_NAMED_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "wire/json.h"

/* The resource `before`ARGUMENT`after`, by a client of its own; returns as server_get does. */
GB_MUST_USE int server_get_named(const struct cmd_line *line, struct gb_arena *arena,
                                 const char *before, const char *after, struct json **ret_reply,
                                 struct gb_err *err);
GB_MUST_USE int server_delete_named(const struct cmd_line *line, struct gb_arena *arena,
                                    const char *before, struct gb_err *err);

#endif
