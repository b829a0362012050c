#include "wire/cbor.h"

/* RFC 8949, 3: major types. */
enum major {
    MAJOR_UINT = 0,
    MAJOR_NEGATIVE = 1,
    MAJOR_BYTES = 2,
    MAJOR_TEXT = 3,
    MAJOR_ARRAY = 4,
    MAJOR_MAP = 5,
    MAJOR_TAG = 6
};

static void put_head(struct gb_buf *out, enum major major, uint64_t value)
{
    uint8_t type = (uint8_t)((unsigned)major << 5);
    if (value < 24) {
        gb_buf_u8(out, (uint8_t)(type | value));
    } else if (value <= UINT8_MAX) {
        gb_buf_u8(out, type | 24);
        gb_buf_u8(out, (uint8_t)value);
    } else if (value <= UINT16_MAX) {
        gb_buf_u8(out, type | 25);
        gb_buf_u16be(out, (uint16_t)value);
    } else if (value <= UINT32_MAX) {
        gb_buf_u8(out, type | 26);
        gb_buf_u32be(out, (uint32_t)value);
    } else {
        gb_buf_u8(out, type | 27);
        gb_buf_u64be(out, value);
    }
}

void cbor_map(struct gb_buf *out, size_t pairs)
{
    put_head(out, MAJOR_MAP, pairs);
}

void cbor_array(struct gb_buf *out, size_t items)
{
    put_head(out, MAJOR_ARRAY, items);
}

void cbor_uint(struct gb_buf *out, uint64_t value)
{
    put_head(out, MAJOR_UINT, value);
}

void cbor_bool(struct gb_buf *out, bool value)
{
    gb_buf_u8(out, value ? 0xf5 : 0xf4);
}

void cbor_bytes(struct gb_buf *out, struct gb_bytes value)
{
    put_head(out, MAJOR_BYTES, value.len);
    gb_buf_add(out, value.data, value.len);
}

void cbor_text(struct gb_buf *out, struct gb_bytes value)
{
    put_head(out, MAJOR_TEXT, value.len);
    gb_buf_add(out, value.data, value.len);
}

void cbor_int(struct gb_buf *out, int64_t value)
{
    if (value < 0)
        put_head(out, MAJOR_NEGATIVE, (uint64_t)(-1 - value));
    else
        put_head(out, MAJOR_UINT, (uint64_t)value);
}

void cbor_tag(struct gb_buf *out, uint64_t tag)
{
    put_head(out, MAJOR_TAG, tag);
}

void cbor_null(struct gb_buf *out)
{
    gb_buf_u8(out, 0xf6);
}

void cbor_text_head(struct gb_buf *out, size_t len)
{
    put_head(out, MAJOR_TEXT, len);
}
