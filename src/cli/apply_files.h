/* Several YAML files as one body: all or nothing needs one request. Lines are found back. */
#ifndef GB_CLI_APPLY_FILES_H
#define GB_CLI_APPLY_FILES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"

struct apply_files {
    const char *names[CMD_MAX_VALUES];
    size_t first_line[CMD_MAX_VALUES]; /* of each file in the body, from 1 */
    size_t count;
    struct gb_buf body; /* owned: apply_files_done */
};

/* Every -f, in order ("-" is standard input), documents parted by "---". */
GB_MUST_USE int apply_files_read(struct gb_arena *arena, const struct cmd_line *line,
                                 struct apply_files *files, struct gb_err *err);
void apply_files_done(struct apply_files *files);

/* The server names a document and a line of it: "NodePolicy/strict:7: ...", or "document 2:
 * document:7: ..."; people know files: "node.yaml:12: ...". What cannot be found comes back as it
 * is. In the arena. */
const char *apply_files_locate(struct gb_arena *arena, const struct apply_files *files,
                               const char *message);

#endif
