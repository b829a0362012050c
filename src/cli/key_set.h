/* The keys by which attestation results are verified: a file, or what the server tells everybody.
 */
#ifndef GB_CLI_KEY_SET_H
#define GB_CLI_KEY_SET_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "wire/jwt.h"

/* --jwks FILE or https://...; without it the server of client.conf is asked, as by any other
 * command. --ca, or client.conf, says which CA vouches for the server. GB_ERR_CONFIG, NOTFOUND,
 * INPUT, IO. */
GB_MUST_USE int key_set_read(struct gb_arena *arena, const struct cmd_line *line,
                             struct jwks **ret_keys, struct gb_err *err);

#endif
