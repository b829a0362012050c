/* The officer's signature into what is applied, where it lacks it. */
#ifndef GB_CLI_APPLY_SIGN_H
#define GB_CLI_APPLY_SIGN_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/server_client.h"

/*
 * Signs with the officer's key of options, environment or client.conf, says so on standard error,
 * and builds the body anew. A document without a version gets the next one of what is in force
 * (the same, when it says the same): the server is asked for that. Not over what was deleted, nor,
 * without --force, where it would undo a life that was given since: CMD_REFUSED, and it is told.
 * Without a key nothing is done.
 * An exit code when the server refused, or a negative code.
 */
GB_MUST_USE int apply_sign(struct gb_arena *arena, const struct cmd_line *line,
                           struct server_client *client, struct apply_files *files,
                           struct gb_err *err);

#endif
