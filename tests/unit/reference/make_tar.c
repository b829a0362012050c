#include "make_tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };

static void fill(struct gb_buf *out, size_t len)
{
    static const uint8_t zeros[BLOCK];
    gb_buf_add(out, zeros, len);
}

/* A field of the header; names of at most 100 bytes. */
static void put(char *at, const char *text)
{
    for (size_t i = 0; i < 100 && text[i]; i++)
        at[i] = text[i];
}

void make_tar_lie(struct gb_buf *out, const char *path, char type, const char *target,
                  uint64_t size, struct gb_bytes data)
{
    char h[BLOCK] = {0};
    unsigned sum = 0;
    put(h, path);
    put(h + 100, "0000644"); /* mode, owner, group: octal, a NUL behind each */
    put(h + 108, "0000000");
    put(h + 116, "0000000");
    snprintf(h + 124, 12, "%011" PRIo64, size & UINT64_C(077777777777));
    put(h + 136, "00000000000");
    h[156] = type;
    put(h + 157, target);
    put(h + 257, "ustar");
    put(h + 263, "00");
    memset(h + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (uint8_t)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    gb_buf_add(out, h, BLOCK);
    if (data.len > 0)
        gb_buf_add(out, data.data, data.len);
    fill(out, (BLOCK - data.len % BLOCK) % BLOCK);
}

void make_tar_entry(struct gb_buf *out, const char *path, char type, const char *target,
                    struct gb_bytes data)
{
    make_tar_lie(out, path, type, target, data.len, data);
}

void make_tar_end(struct gb_buf *out)
{
    fill(out, BLOCK);
    fill(out, BLOCK);
}

void make_ar_start(struct gb_buf *out)
{
    gb_buf_puts(out, "!<arch>\n");
}

void make_ar_member(struct gb_buf *out, const char *name, struct gb_bytes data)
{
    gb_buf_printf(out, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "100644", data.len);
    gb_buf_add(out, data.data, data.len);
    if (data.len % 2 > 0)
        gb_buf_puts(out, "\n");
}

/* RFC 8878, 3.1.1: magic, a header with a window of 128 KB and no size, RLE blocks. */
void make_zeros(struct gb_buf *out, uint32_t count)
{
    enum { RLE = 1, WINDOW = 7 << 3, BLOCK_SIZE = 128 << 10 };
    gb_buf_u32le(out, 0xfd2fb528);
    gb_buf_u8(out, 0);
    gb_buf_u8(out, WINDOW);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t head = (uint32_t)BLOCK_SIZE << 3 | RLE << 1 | (i + 1 == count);
        gb_buf_u8(out, (uint8_t)head);
        gb_buf_u8(out, (uint8_t)(head >> 8));
        gb_buf_u8(out, (uint8_t)(head >> 16));
        gb_buf_u8(out, 0);
    }
}
