/* One input cut into several: each part is a 4-byte little-endian length and that many bytes. */
#ifndef GB_TESTS_FUZZ_PARTS_H
#define GB_TESTS_FUZZ_PARTS_H

#include "base/reader.h"

/* A part that the input no longer has is absent: its data is NULL. */
static inline void parts_read(struct gb_bytes in, struct gb_bytes *parts, size_t count)
{
    struct gb_reader r;
    gb_reader_init(&r, in);
    for (size_t i = 0; i < count; i++) {
        uint32_t len = gb_read_u32le(&r);
        parts[i] = gb_read_bytes(&r, len);
        if (!gb_reader_ok(&r))
            parts[i] = gb_bytes(NULL, 0);
    }
}

#endif
