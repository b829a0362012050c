/* A growing buffer that is born with a ceiling. Failure sticks: check gb_buf_ok once, at the end.
 */
#ifndef GB_BASE_BUF_H
#define GB_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

struct gb_buf {
    uint8_t *data; /* owned; freed by gb_buf_done */
    size_t len;
    size_t cap;
    size_t max;
    bool failed; /* out of memory or past `max`: the contents are worthless */
};

void gb_buf_init(struct gb_buf *buf, size_t max);
void gb_buf_done(struct gb_buf *buf);
void gb_buf_add(struct gb_buf *buf, const void *data, size_t len);
void gb_buf_puts(struct gb_buf *buf, const char *text);
void gb_buf_printf(struct gb_buf *buf, const char *fmt, ...) GB_PRINTF(2, 3);
/* Big-endian, as TPM structures are written. */
void gb_buf_u8(struct gb_buf *buf, uint8_t value);
void gb_buf_u16be(struct gb_buf *buf, uint16_t value);
void gb_buf_u32be(struct gb_buf *buf, uint32_t value);
void gb_buf_u64be(struct gb_buf *buf, uint64_t value);
/* Little-endian, as firmware logs are written. */
void gb_buf_u16le(struct gb_buf *buf, uint16_t value);
void gb_buf_u32le(struct gb_buf *buf, uint32_t value);
/* TPM2B: a 16-bit length before the bytes. */
void gb_buf_tpm2b(struct gb_buf *buf, struct gb_bytes in);

static inline bool gb_buf_ok(const struct gb_buf *buf)
{
    return !buf->failed;
}

/* Valid until the buffer grows or is done. */
static inline struct gb_bytes gb_buf_bytes(const struct gb_buf *buf)
{
    return gb_bytes(buf->data, buf->len);
}

#endif
