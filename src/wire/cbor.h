/*
 * CBOR (RFC 8949), strict: definite lengths, shortest forms, map keys in the writer's order but
 * never twice, no floats, valid UTF-8, no trailing bytes. Reading is a cursor over the input
 * (libcbor decodes one head at a time; nothing is allocated, so no six bytes can ask for
 * gigabytes); spans point into the input. A reader takes exactly the shape that it asks for, so the
 * input cannot make it nest; only who reads formats that others may extend skips, by
 * cbor_read_any, which has ceilings of its own. Failure sticks: check cbor_finish. Any thread.
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
#include "base/limits.h"

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
/* -2^63 to 2^63 - 1. */
int64_t cbor_read_int(struct cbor_reader *reader);
/* The number of a tag; the tagged item follows. */
uint64_t cbor_read_tag(struct cbor_reader *reader);
void cbor_read_null(struct cbor_reader *reader);

/* What comes next, by its first byte alone; reading it may still fail. CBOR_NOTHING at the end and
 * after a failure; CBOR_OTHER for floats and simple values. */
enum cbor_shape {
    CBOR_NOTHING,
    CBOR_UINT,
    CBOR_NEGATIVE,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_BOOL,
    CBOR_NULL,
    CBOR_OTHER
};
enum cbor_shape cbor_peek(const struct cbor_reader *reader);
/* One whole item of any shape, and its bytes: for what a format allows others to add. It is strict
 * in all that it holds, duplicate keys too; at most GB_LIMIT_CBOR_DEPTH deep and
 * GB_LIMIT_CBOR_PAIRS pairs a map; no floats. data is NULL after a failure. */
struct gb_bytes cbor_read_any(struct cbor_reader *reader);

/* The keys of one map whose keys are of any shape, so that none comes twice: zeroed at first. */
struct cbor_keys {
    struct gb_bytes seen[GB_LIMIT_CBOR_PAIRS];
    size_t count;
};
/* Reads a key as cbor_read_any does; fails when it was there. */
struct gb_bytes cbor_read_any_key(struct cbor_reader *reader, struct cbor_keys *keys);

/* A key of an integer-keyed map, 0 to 63; fails when `seen` (0 at first, one a map) has it already.
 * The cursor cannot know where a map ends, so who reads keys with cbor_read_uint checks this
 * itself. */
unsigned cbor_read_key(struct cbor_reader *reader, uint64_t *seen);
/* At most `max` bytes. Empty strings have a data pointer that is not NULL; it is NULL after a
 * failure. Text may hold any character, NUL and controls too: escape it before it is printed. */
struct gb_bytes cbor_read_bytes(struct cbor_reader *reader, size_t max);
struct gb_bytes cbor_read_text(struct cbor_reader *reader, size_t max);
/* CBOR within a byte string that `outer` read: offsets of failures stay those of the whole input.
 * cbor_leave is its finish: what failed within, or was left over, fails `outer` too. */
void cbor_enter(const struct cbor_reader *outer, struct gb_bytes bytes,
                struct cbor_reader *ret_inner);
void cbor_leave(struct cbor_reader *outer, struct cbor_reader *inner, const char *what);
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
void cbor_int(struct gb_buf *out, int64_t value);
void cbor_tag(struct gb_buf *out, uint64_t tag);
void cbor_null(struct gb_buf *out);
void cbor_bytes(struct gb_buf *out, struct gb_bytes value);
void cbor_text(struct gb_buf *out, struct gb_bytes value);
/* For text that comes in pieces: the caller adds exactly `len` bytes of it. */
void cbor_text_head(struct gb_buf *out, size_t len);

#endif
