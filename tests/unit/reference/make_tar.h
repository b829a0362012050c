/* Archives byte by byte, honest ones and others. */
#ifndef GB_TESTS_MAKE_TAR_H
#define GB_TESTS_MAKE_TAR_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"

enum {
    MAKE_TAR_FILE = '0',
    MAKE_TAR_HARDLINK = '1',
    MAKE_TAR_SYMLINK = '2',
    MAKE_TAR_FOLDER = '5',
    MAKE_TAR_LONG_NAME = 'L', /* GNU: the data is the name of what follows */
};

/* A header that claims `size`, and `data` behind it, which may be another. */
void make_tar_lie(struct gb_buf *out, const char *path, char type, const char *target,
                  uint64_t size, struct gb_bytes data);
void make_tar_entry(struct gb_buf *out, const char *path, char type, const char *target,
                    struct gb_bytes data);
/* The two blocks that end a tar. */
void make_tar_end(struct gb_buf *out);
/* "!<arch>", then members. */
void make_ar_start(struct gb_buf *out);
void make_ar_member(struct gb_buf *out, const char *name, struct gb_bytes data);

/* A Zstandard frame of `count` blocks of 128 KB of zeros, four bytes each: 32768 times its size. */
void make_zeros(struct gb_buf *out, uint32_t count);

#endif
