/* An endorsement key on the command line: "sha256:HEX", or a file with its certificate or public
 * key. */
#ifndef GB_CLI_EK_ARG_H
#define GB_CLI_EK_ARG_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

/* "sha256:" and hex over the SubjectPublicKeyInfo, in the arena. GB_ERR_CONFIG for what is
 * neither; codes of file_read. */
GB_MUST_USE int ek_arg_read(struct gb_arena *arena, const char *arg, const char **ret_ek,
                            struct gb_err *err);

#endif
