/* The command line of one subcommand: options by its table, arguments, --format and --help. */
#ifndef GB_CLI_OPT_H
#define GB_CLI_OPT_H

#include <stdio.h>

#include "base/check.h"
#include "cli/cmd.h"

enum opt_answer {
    OPT_RUN,
    OPT_HELP,  /* --help was printed */
    OPT_USAGE, /* the fault was printed on standard error */
};

/* Parses what follows the command's name. Options and arguments may mix; "--" ends options; "--x=V"
 * and "--x V" are the same, and so are "-xV" and "-x V" where an option has a letter. Strings are
 * borrowed from argv. */
GB_MUST_USE enum opt_answer opt_parse(const struct cmd *cmd, int argc, char **argv,
                                      struct cmd_line *ret_line);
void opt_help(const struct cmd *cmd, FILE *to);

#endif
