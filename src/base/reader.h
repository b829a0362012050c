/*
 * Reads bytes from strangers. Width and byte order are in each name. Failure sticks: later reads
 * give zero and gb_reader_finish reports the first offset, so values are copied out only after it.
 * One read per statement.
 */
#ifndef GB_BASE_READER_H
#define GB_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct gb_reader {
    const uint8_t *data;
    size_t len;
    size_t at;
    size_t base;      /* offset of data[0] in the whole input, for error messages */
    const char *what; /* what was wrong first, or NULL while all is well */
    size_t bad_at;    /* where, counted from data[0] */
};

/* Borrows `in`. */
static inline void gb_reader_init(struct gb_reader *r, struct gb_bytes in)
{
    *r = (struct gb_reader){.data = in.data, .len = in.len};
}

static inline bool gb_reader_ok(const struct gb_reader *r)
{
    return !r->what;
}

static inline size_t gb_reader_left(const struct gb_reader *r)
{
    return r->what ? 0 : r->len - r->at;
}

/* Offset in the whole input of the next byte. */
static inline size_t gb_reader_offset(const struct gb_reader *r)
{
    return r->base + r->at;
}

/* Marks the input as bad at the current offset; the first mark wins. `what` must be a literal. */
void gb_reader_fail(struct gb_reader *r, const char *what);

/* `n` bytes that point into the input; none (and failure) when fewer are left. */
static inline struct gb_bytes gb_read_bytes(struct gb_reader *r, size_t n)
{
    if (n > gb_reader_left(r)) {
        gb_reader_fail(r, "input ends early");
        return gb_bytes(NULL, 0);
    }
    if (!r->data)
        return gb_bytes(NULL, 0); /* an empty input has no address to count from */
    struct gb_bytes out = gb_bytes(r->data + r->at, n);
    r->at += n;
    return out;
}

static inline uint8_t gb_read_u8(struct gb_reader *r)
{
    struct gb_bytes b = gb_read_bytes(r, 1);
    return b.len ? b.data[0] : 0;
}

static inline uint16_t gb_read_u16le(struct gb_reader *r)
{
    struct gb_bytes b = gb_read_bytes(r, 2);
    return b.len ? (uint16_t)(b.data[0] | b.data[1] << 8) : 0;
}

static inline uint16_t gb_read_u16be(struct gb_reader *r)
{
    struct gb_bytes b = gb_read_bytes(r, 2);
    return b.len ? (uint16_t)(b.data[0] << 8 | b.data[1]) : 0;
}

static inline uint32_t gb_read_u32le(struct gb_reader *r)
{
    struct gb_bytes b = gb_read_bytes(r, 4);
    return b.len ? (uint32_t)b.data[0] | (uint32_t)b.data[1] << 8 | (uint32_t)b.data[2] << 16 |
                       (uint32_t)b.data[3] << 24
                 : 0;
}

static inline uint32_t gb_read_u32be(struct gb_reader *r)
{
    struct gb_bytes b = gb_read_bytes(r, 4);
    return b.len ? (uint32_t)b.data[0] << 24 | (uint32_t)b.data[1] << 16 |
                       (uint32_t)b.data[2] << 8 | (uint32_t)b.data[3]
                 : 0;
}

uint64_t gb_read_u64le(struct gb_reader *r);
uint64_t gb_read_u64be(struct gb_reader *r);

/* A count of items that follow. Refused when above `max`, or when that many items of at least
 * `min_item` bytes (1 or more) cannot fit in what is left, so that every loop over it is bounded by
 * the input. */
uint32_t gb_read_count_u32le(struct gb_reader *r, size_t min_item, uint32_t max);
uint32_t gb_read_count_u32be(struct gb_reader *r, size_t min_item, uint32_t max);

/* TPM2B: a 16-bit big-endian length, then the bytes; at most `max`. */
struct gb_bytes gb_read_tpm2b(struct gb_reader *r, size_t max);

/* Cuts a window of `n` bytes that has a reader of its own; errors in it carry offsets of the whole
 * input. The window must be finished (gb_reader_finish) by the caller. */
struct gb_reader gb_read_sub(struct gb_reader *r, size_t n);

/* 0 when all reads went well and nothing is left over; GB_ERR_INPUT with the offset otherwise. */
GB_MUST_USE int gb_reader_finish(struct gb_reader *r, struct gb_err *err);
/* The same, but bytes may be left over: for formats with an end mark. */
GB_MUST_USE int gb_reader_check(const struct gb_reader *r, struct gb_err *err);

#endif
