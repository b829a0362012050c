/* --node-name and --label: what the service would know of a node whose evidence lies in a folder.
 */
#ifndef GB_CLI_FACTS_ARG_H
#define GB_CLI_FACTS_ARG_H

#include "base/arena.h"
#include "base/check.h"
#include "cli/cmd.h"
#include "verify/facts.h"

/* CMD_OK, or CMD_USAGE with what is wrong told. Borrows the command line. */
GB_MUST_USE int facts_arg_read(struct gb_arena *arena, const struct cmd_line *line,
                               struct node_facts *ret_facts);

#endif
