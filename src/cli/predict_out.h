/* What the commands that predict sets of files share: their options, and the file they write. */
#ifndef GB_CLI_PREDICT_OUT_H
#define GB_CLI_PREDICT_OUT_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/reference_out.h"
#include "policy/refval.h"

/* Rows for the table of options. */
#define PREDICT_OUT_OPTIONS                                                                        \
    {"name", "NAME", "the set's name (default: predicted-SOURCE)", false, 0},                      \
        {"class", "CLASS", "packages (default) or engine", false, 0}, REFERENCE_OUT_LIFE,          \
        {"output", "FILE", "where to write (default: -, standard output)", false, 'o'}

struct predict_out {
    const char *name;
    enum ref_class cls;
    enum ref_life life;
};

/* --name, or one made of `path`; --class, --life. CMD_OK or CMD_USAGE. */
int predict_out_read(struct gb_arena *arena, const struct cmd_line *line, const char *path,
                     struct predict_out *ret_out);
/* Writes the set, and tells how many files it holds. */
GB_MUST_USE int predict_out_write(struct gb_arena *arena, const struct cmd_line *line,
                                  const struct predict_out *out, struct ref_set *set,
                                  struct gb_err *err);

#endif
