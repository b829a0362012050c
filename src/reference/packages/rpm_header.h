/* One header of an rpm package: an index of tags over a store (RPM file format, "Header"). */
#ifndef GB_REFERENCE_RPM_HEADER_H
#define GB_REFERENCE_RPM_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* RPM_INT16_TYPE and so on: the value's layout in the store. */
enum rpm_type { RPM_INT16 = 3, RPM_INT32 = 4, RPM_STRING = 6, RPM_BIN = 7, RPM_STRINGS = 8 };

struct rpm_header {
    struct gb_bytes index; /* entries of 16 bytes */
    struct gb_bytes store;
    struct gb_bytes whole; /* what a digest of the header covers */
};

/* A tag's value: `count` items that begin at `data`, cut off at the end of the store. */
struct rpm_value {
    enum rpm_type type;
    uint32_t count;
    struct gb_bytes data;
};

/* The header at the beginning of `in`. GB_ERR_INPUT with an offset; LIMIT past GB_LIMIT_RPM_TAGS.
 */
GB_MUST_USE int rpm_header_read(struct gb_bytes in, struct rpm_header *ret_header,
                                struct gb_err *err);
/* Whether the tag is there with this type (a single string passes for a list of one). Numbers are
 * checked to fit; strings are by rpm_next_text. */
GB_MUST_USE bool rpm_find(const struct rpm_header *header, uint32_t tag, enum rpm_type type,
                          struct rpm_value *ret_value);
/* The first string of the value, which it is moved over; false when there is none left. */
GB_MUST_USE bool rpm_next_text(struct rpm_value *value, struct gb_bytes *ret_text);
/* The number at `index`, which must be below the count. */
uint32_t rpm_number(const struct rpm_value *value, uint32_t index);

#endif
