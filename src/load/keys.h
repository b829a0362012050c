/* The folder of the machines: ek-ca.pem and ek-ca.key, machines.pem (three keys each), certs.pem
 * (what the server issued, in the same order), ca.pem (the server's). */
#ifndef GB_LOAD_KEYS_H
#define GB_LOAD_KEYS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Makes all keys anew. */
GB_MUST_USE int keys_prepare(const char *folder, size_t machines, struct gb_err *err);
GB_MUST_USE int keys_read(struct gb_arena *arena, const char *folder, const char *name,
                          struct gb_bytes *ret_bytes, struct gb_err *err);
GB_MUST_USE int keys_write(const char *folder, const char *name, struct gb_bytes bytes,
                           struct gb_err *err);
/* The first `count` PEM blocks of a file, each with its markers. NOTFOUND when there are fewer. */
GB_MUST_USE int keys_split(struct gb_arena *arena, struct gb_bytes pem, size_t count,
                           struct gb_bytes **ret_blocks, struct gb_err *err);

#endif
