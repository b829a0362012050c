/* The file that `reference capture`, `predict` and `import` write: sets, and a policy that uses
 * them. */
#ifndef GB_CLI_REFERENCE_OUT_H
#define GB_CLI_REFERENCE_OUT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "policy/sets/refval.h"

enum { REFERENCE_OUT_SETS = GB_LIMIT_IMPORT_SETS };

/* Rows for the table of options. */
#define REFERENCE_OUT_LIFE {"life", "LIFE", "candidate, shadow or accepted (the default)", false, 0}
#define REFERENCE_OUT_SETS_ONLY                                                                    \
    {"sets-only", NULL, "no policy beside the sets; implied by --life", false, 0}

struct reference_out {
    const char *name;    /* "predicted-good": of the policy, and what names of sets begin with */
    const char *comment; /* lines that begin with '#', how it was made */
    bool with_policy;    /* unless --life or --sets-only is given */
    enum ref_life life;  /* of all of them */
    const struct ref_set *sets[REFERENCE_OUT_SETS];
    size_t count;
};

/* --name, or `prefix`-BASE where BASE is made of the last part of `path`, with the version that
 * stands there: "hello_2.10-3_amd64.deb" becomes "hello-2.10-3-amd64". CMD_OK or CMD_USAGE. */
int reference_out_name(struct gb_arena *arena, const struct cmd_line *line, const char *prefix,
                       const char *path, const char **ret_name);
/* The last part of a path as a `source` tells it: printable. NULL: out of memory. */
const char *reference_out_file(struct gb_arena *arena, const char *path);

/* --life; REF_ACCEPTED without it. CMD_OK or CMD_USAGE. */
int reference_out_life(const struct cmd_line *line, enum ref_life *ret_life);

/* Writes to --output. The policy uses every set given with it, so that files add up, and requires
 * the links that these sets speak for. */
GB_MUST_USE int reference_out_write(struct gb_arena *arena, const struct cmd_line *line,
                                    const struct reference_out *out, struct gb_err *err);

#endif
