/* Documents on their way to the server, and what it made of them. */
#ifndef GB_CLI_APPLY_SEND_H
#define GB_CLI_APPLY_SEND_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/server_client.h"

#define APPLY_FORCE_OPTION                                                                         \
    {"force", NULL, "though trusted nodes or your own roles are lost by it", false, 0}
/* Of commands that make the document themselves. */
#define APPLY_OUTPUT_OPTION                                                                        \
    {"output", "FILE", "write it there, signed, and apply nothing: for a second officer", false,   \
     'o'}
/* The rows of every command that changes documents. */
#define APPLY_SEND_OPTIONS                                                                         \
    {"dry-run", NULL, "say what would change, and change nothing", false, 0}, APPLY_FORCE_OPTION,  \
        {"no-sign", NULL, "send the documents as they are", false, 0}

/* Signs (unless --no-sign), sends, prints a line for each document: created, configured, unchanged,
 * signed or deleted. With --output it writes to that file instead of sending. An exit code, or a
 * negative code. */
GB_MUST_USE int apply_send(const struct cmd_line *line, struct gb_arena *arena,
                           struct server_client *client, struct apply_files *files,
                           struct gb_err *err);

#endif
