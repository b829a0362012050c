/*
 * The kernel's IMA list as it grows: binary_runtime_measurements is read from the entry that the
 * server asks for. Where that entry begins is remembered, so that a round costs what is new.
 */
#ifndef GB_AGENT_IMA_LIST_H
#define GB_AGENT_IMA_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Entry number `entry` begins at byte `offset`. All zero: the beginning. */
struct ima_position {
    uint64_t entry;
    uint64_t offset;
};

/* Bytes of the first entry of `in`: the binary form with SHA-1 template digests, which Linux always
 * offers. False when it is none, or not whole. */
GB_MUST_USE bool ima_entry_len(struct gb_bytes in, size_t *ret_len);
/* Bytes of the first `count` entries. False when there are fewer. */
GB_MUST_USE bool ima_skip(struct gb_bytes in, uint64_t count, size_t *ret_len);

/*
 * Adds the list from entry `from` to its end to `out`, and remembers the place. GB_ERR_NOTFOUND: no
 * list (IMA is off); GB_ERR_AGAIN: the list has fewer entries (another boot); GB_ERR_INPUT: not a
 * binary list; LIMIT, IO, NOMEM.
 */
GB_MUST_USE int ima_list_read(const char *path, uint64_t from, struct ima_position *position,
                              struct gb_buf *out, struct gb_err *err);

#endif
