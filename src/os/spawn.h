/* Another program, run to its end: bytes in, bytes out. No shell. */
#ifndef GB_OS_SPAWN_H
#define GB_OS_SPAWN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Runs argv[0] (found in PATH) with `in` as standard input; standard output, at most `max` bytes,
 * and what it said on standard error come in the arena. *ret_status is its exit status, 128 and the
 * signal when one ended it. GB_ERR_NOTFOUND: no such program; LIMIT, IO, NOMEM. */
GB_MUST_USE int spawn_run(struct gb_arena *arena, const char *const *argv, struct gb_bytes in,
                          size_t max, int *ret_status, struct gb_bytes *ret_out,
                          struct gb_bytes *ret_said, struct gb_err *err);

#endif
