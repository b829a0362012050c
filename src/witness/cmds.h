/* What garboard-witness does beside witnessing. Each takes the words behind its name, and returns
 * an exit code. */
#ifndef GB_WITNESS_CMDS_H
#define GB_WITNESS_CMDS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* garboard-witness(8), EXIT STATUS; as garboard(1). */
enum cmds_exit {
    CMDS_OK = 0,
    CMDS_FORK = 1,
    CMDS_USAGE = 2,     /* usage or configuration */
    CMDS_MALFORMED = 3, /* a file that is no checkpoint */
    CMDS_SYSTEM = 4,
    CMDS_UNKNOWN = 5, /* cannot be told from what was given */
};

int cmd_init(int argc, char **argv);    /* makes a witness: keys, certificate, configuration */
int cmd_add_log(int argc, char **argv); /* adds a log's key to the configuration */
int cmd_forks(int argc, char **argv);   /* prints the evidence that is kept */
int cmd_compare(int argc, char **argv); /* whether two signed checkpoints are of one tree */

/* Shared: says what went wrong on standard error, and as which exit code. */
int cmds_fail(const struct gb_err *err);
int cmds_usage(const char *usage);
/* Whether --help or -h stands there; then the usage is printed, and all is well. */
bool cmds_help(int argc, char **argv, const char *usage);
/* Prints the buffer and frees it. */
int cmds_print(struct gb_buf *text);

#endif
