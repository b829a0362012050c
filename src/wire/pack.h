/* Compressed bytes (Zstandard, RFC 8878), one frame each; the only door to libzstd. Whoever keeps
 * them keeps the unpacked size beside them: a frame that says otherwise is refused before memory is
 * asked for. Any thread. */
#ifndef GB_WIRE_PACK_H
#define GB_WIRE_PACK_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* In the arena. GB_ERR_NOMEM. */
GB_MUST_USE int pack(struct gb_arena *arena, struct gb_bytes in, struct gb_bytes *ret_packed,
                     struct gb_err *err);
/* Exactly `size` bytes, in the arena. GB_ERR_INPUT: damaged, or of another size; NOMEM. */
GB_MUST_USE int unpack(struct gb_arena *arena, struct gb_bytes packed, size_t size,
                       struct gb_bytes *ret_bytes, struct gb_err *err);

#endif
