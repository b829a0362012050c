/*
 * CBOR (RFC 8949), strict: definite lengths, shortest forms, map keys in the writer's order but
 * never twice, no tags, no floats, valid UTF-8, no trailing bytes. Reading is a cursor over the
 * input (libcbor decodes one head at a time; nothing is allocated, so no six bytes can ask for
 * gigabytes); spans point into the input. There is no "skip": a reader takes exactly the shape that
 * it asks for, so the input cannot make it nest. Failure sticks: check cbor_finish. Any thread.
 */
#ifndef GB_WIRE_CBOR_H
#define GB_WIRE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct cbor_reader {
    struct gb_bytes in;
    size_t at;
    struct gb_err err; /* the first failure; code GB_OK while all is well */
};

void cbor_reader_init(struct cbor_reader *reader, struct gb_bytes in);
/* Number of pairs or items; a count that cannot fit the rest of the input fails, so loops are
 * bounded. `max` is the caller's own ceiling. */
size_t cbor_read_map(struct cbor_reader *reader, size_t max);
size_t cbor_read_array(struct cbor_reader *reader, size_t max);
uint64_t cbor_read_uint(struct cbor_reader *reader);
bool cbor_read_bool(struct cbor_reader *reader);
/* A key of an integer-keyed map, 0 to 63; fails when `seen` (0 at first, one a map) has it already.
 * The cursor cannot know where a map ends, so who reads keys with cbor_read_uint checks this
 * itself. */
unsigned cbor_read_key(struct cbor_reader *reader, uint64_t *seen);
/* At most `max` bytes. Empty strings have a data pointer that is not NULL; it is NULL after a
 * failure. Text may hold any character, NUL and controls too: escape it before it is printed. */
struct gb_bytes cbor_read_bytes(struct cbor_reader *reader, size_t max);
struct gb_bytes cbor_read_text(struct cbor_reader *reader, size_t max);
/* Whether nothing has failed so far. */
static inline bool cbor_ok(const struct cbor_reader *reader)
{
    return reader->err.code == GB_OK;
}
/* For the caller's own refusals ("unknown key 9"): the first failure stands. */
void cbor_fail(struct cbor_reader *reader, enum gb_err_code code, const char *fmt, ...)
    GB_PRINTF(3, 4);
/* GB_OK only when nothing failed and every byte was read; else fills `err` with the offset. */
GB_MUST_USE int cbor_finish(struct cbor_reader *reader, struct gb_err *err);

/* Writing, shortest forms. Failure sticks in the buffer. */
void cbor_map(struct gb_buf *out, size_t pairs);
void cbor_array(struct gb_buf *out, size_t items);
void cbor_uint(struct gb_buf *out, uint64_t value);
void cbor_bool(struct gb_buf *out, bool value);
void cbor_bytes(struct gb_buf *out, struct gb_bytes value);
void cbor_text(struct gb_buf *out, struct gb_bytes value);

#endif
