/* What the commands that predict sets of files share: their options, and the file they write. */
#ifndef GB_CLI_PREDICT_OUT_H
#define GB_CLI_PREDICT_OUT_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/reference/packages.h"
#include "cli/reference/reference_out.h"
#include "policy/sets/refval.h"

/* Rows for the table of options. */
#define PREDICT_OUT_OPTIONS                                                                        \
    {"name", "NAME", "the set's name (default: predicted-SOURCE)", false, 0},                      \
        {"class", "CLASS", "packages (default) or engine", false, 0}, REFERENCE_OUT_LIFE,          \
        {"output", "FILE", "where to write (default: -, standard output)", false, 'o'}

struct predict_out {
    const char *name;
    const char *source; /* "predicted from hello 2.10-3 amd64" */
    enum ref_class cls;
    enum ref_life life;
};

/* --name, or one made of `path`, which is the source, too; --class, --life. CMD_OK or CMD_USAGE. */
int predict_out_read(struct gb_arena *arena, const struct cmd_line *line, const char *path,
                     struct predict_out *ret_out);
/* The packages that were read as the source; without --name, a single one is the name, too, with
 * its version: one version must not replace another's set. GB_ERR_NOMEM. */
GB_MUST_USE int predict_out_packages(struct gb_arena *arena, const struct cmd_line *line,
                                     const struct package_job *jobs, size_t count,
                                     struct predict_out *out, struct gb_err *err);
/* Writes the set under the name of `out`, and tells how many files it holds. */
GB_MUST_USE int predict_out_write(struct gb_arena *arena, const struct cmd_line *line,
                                  const struct predict_out *out, struct ref_set *set,
                                  struct gb_err *err);

#endif
