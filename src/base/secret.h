/* Bytes that must not get out: locked in memory where the system lets us, left out of core dumps,
 * wiped when done, compared in constant time. Never printed. */
#ifndef GB_BASE_SECRET_H
#define GB_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

struct secret {
    uint8_t *data; /* owned: pages of its own */
    size_t len;
    size_t mapped;
};

/* Zeroed bytes to be filled by the caller. False when out of memory; a system that refuses to lock
 * is no failure. */
GB_MUST_USE bool secret_init(struct secret *secret, size_t len);
/* Wipes and frees; zeroed or done before is fine. For gb_cleanup. */
void secret_done(struct secret *secret);
/* In constant time for equal lengths; false for different ones. */
bool secret_equal(struct gb_bytes a, struct gb_bytes b);
/* For buffers of one's own; the compiler may not drop it. */
void secret_wipe(void *data, size_t len);

static inline struct gb_bytes secret_bytes(const struct secret *secret)
{
    return gb_bytes(secret->data, secret->len);
}

#endif
