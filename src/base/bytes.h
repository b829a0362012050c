/* A borrowed run of bytes. Who lends it says how long it lives. */
#ifndef GB_BASE_BYTES_H
#define GB_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gb_bytes {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;
};

static inline struct gb_bytes gb_bytes(const void *data, size_t len)
{
    return (struct gb_bytes){.data = data, .len = len};
}

static inline struct gb_bytes gb_bytes_str(const char *text)
{
    return gb_bytes(text, strlen(text));
}

/* Not for secrets: returns at the first difference. */
static inline bool gb_bytes_equal(struct gb_bytes a, struct gb_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool gb_bytes_is(struct gb_bytes a, const char *text)
{
    return gb_bytes_equal(a, gb_bytes_str(text));
}

static inline bool gb_bytes_starts(struct gb_bytes a, struct gb_bytes prefix)
{
    return a.len >= prefix.len && gb_bytes_equal(gb_bytes(a.data, prefix.len), prefix);
}

/* `skip` must not exceed a.len. */
static inline struct gb_bytes gb_bytes_from(struct gb_bytes a, size_t skip)
{
    return gb_bytes(a.len == skip ? a.data : a.data + skip, a.len - skip);
}

static inline bool gb_bytes_all(struct gb_bytes a, uint8_t value)
{
    for (size_t i = 0; i < a.len; i++)
        if (a.data[i] != value)
            return false;
    return true;
}

#endif
