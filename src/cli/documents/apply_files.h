/* Several YAML files as one body: all or nothing needs one request. Lines are found back. */
#ifndef GB_CLI_APPLY_FILES_H
#define GB_CLI_APPLY_FILES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "policy/documents/sign.h"

struct apply_file {
    const char *name;
    struct gb_bytes text;
    size_t first_line;                    /* in the body, from 1 */
    const struct sign_inserted *inserted; /* lines that the file itself does not have */
    size_t inserted_count;
};

struct apply_files {
    struct apply_file items[CMD_MAX_VALUES];
    size_t count;
    struct gb_buf body; /* owned: apply_files_done */
};

/* Every -f, in order ("-" is standard input), documents parted by "---". */
GB_MUST_USE int apply_files_read(struct gb_arena *arena, const struct cmd_line *line,
                                 struct apply_files *files, struct gb_err *err);
/* The body anew, after texts were changed. */
GB_MUST_USE int apply_files_join(struct apply_files *files, struct gb_err *err);
void apply_files_done(struct apply_files *files);

/* The server names a document and a line of it: "NodePolicy/strict:7: ...", or "document 2:
 * document:7: ..."; people know files: "node.yaml:12: ...". What cannot be found comes back as it
 * is. In the arena. */
const char *apply_files_locate(struct gb_arena *arena, const struct apply_files *files,
                               const char *message);

#endif
