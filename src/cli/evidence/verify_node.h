/* garboard verify --node: what the server has kept of a node, judged again here. */
#ifndef GB_CLI_VERIFY_NODE_H
#define GB_CLI_VERIFY_NODE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"

/* As a command's `run`. */
GB_MUST_USE int verify_node(const struct cmd_line *line, struct gb_arena *arena,
                            struct gb_err *err);

#endif
