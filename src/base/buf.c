#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void gb_buf_init(struct gb_buf *buf, size_t max)
{
    *buf = (struct gb_buf){.max = max};
}

void gb_buf_done(struct gb_buf *buf)
{
    gb_free(buf->data);
    *buf = (struct gb_buf){0};
}

/* Room for `more` bytes at the end, or NULL with `failed` set. */
static uint8_t *reserve(struct gb_buf *buf, size_t more)
{
    if (buf->failed || more > buf->max - buf->len) {
        buf->failed = true;
        return NULL;
    }
    if (buf->cap - buf->len < more) {
        size_t cap = buf->cap < 128 ? 256 : buf->cap * 2;
        if (cap < buf->len + more)
            cap = buf->len + more;
        uint8_t *data = gb_realloc(buf->data, cap, 1);
        if (!data) {
            buf->failed = true;
            return NULL;
        }
        buf->data = data;
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void gb_buf_add(struct gb_buf *buf, const void *data, size_t len)
{
    uint8_t *at = len > 0 ? reserve(buf, len) : NULL; /* an empty buffer has no address */
    if (!at)
        return;
    memcpy(at, data, len);
    buf->len += len;
}

void gb_buf_puts(struct gb_buf *buf, const char *text)
{
    gb_buf_add(buf, text, strlen(text));
}

void gb_buf_printf(struct gb_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    uint8_t *at = len < 0 ? NULL : reserve(buf, (size_t)len + 1);
    if (!at) {
        buf->failed = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf((char *)at, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
}

void gb_buf_u8(struct gb_buf *buf, uint8_t value)
{
    gb_buf_add(buf, &value, 1);
}

void gb_buf_u16be(struct gb_buf *buf, uint16_t value)
{
    const uint8_t b[] = {(uint8_t)(value >> 8), (uint8_t)value};
    gb_buf_add(buf, b, sizeof b);
}

void gb_buf_u32be(struct gb_buf *buf, uint32_t value)
{
    gb_buf_u16be(buf, (uint16_t)(value >> 16));
    gb_buf_u16be(buf, (uint16_t)value);
}

void gb_buf_u64be(struct gb_buf *buf, uint64_t value)
{
    gb_buf_u32be(buf, (uint32_t)(value >> 32));
    gb_buf_u32be(buf, (uint32_t)value);
}

void gb_buf_u16le(struct gb_buf *buf, uint16_t value)
{
    const uint8_t b[] = {(uint8_t)value, (uint8_t)(value >> 8)};
    gb_buf_add(buf, b, sizeof b);
}

void gb_buf_u32le(struct gb_buf *buf, uint32_t value)
{
    gb_buf_u16le(buf, (uint16_t)value);
    gb_buf_u16le(buf, (uint16_t)(value >> 16));
}

void gb_buf_tpm2b(struct gb_buf *buf, struct gb_bytes in)
{
    if (in.len > UINT16_MAX) {
        buf->failed = true;
        return;
    }
    gb_buf_u16be(buf, (uint16_t)in.len);
    gb_buf_add(buf, in.data, in.len);
}
