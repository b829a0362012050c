#include "reference/packages/rpm_header.h"

#include <string.h>

#include "base/limits.h"
#include "base/reader.h"

enum { ENTRY = 16, INTRO = 16 };

int rpm_header_read(struct gb_bytes in, struct rpm_header *ret_header, struct gb_err *err)
{
    static const uint8_t magic[] = {0x8e, 0xad, 0xe8, 0x01};
    struct gb_reader r;
    if (in.len < INTRO || memcmp(in.data, magic, sizeof magic) != 0)
        return gb_err_at(err, GB_ERR_INPUT, 0, "no header of an rpm");
    gb_reader_init(&r, gb_bytes_from(in, 8)); /* four bytes are reserved */
    uint32_t entries = gb_read_u32be(&r);
    uint32_t size = gb_read_u32be(&r);
    if (entries > GB_LIMIT_RPM_TAGS)
        return gb_err_set(err, GB_ERR_LIMIT, "a header of more than %d tags", GB_LIMIT_RPM_TAGS);
    size_t left = in.len - INTRO;
    if (entries == 0 || size > left || (size_t)entries * ENTRY > left - size)
        return gb_err_at(err, GB_ERR_INPUT, 8, "a header that is empty or longer than its file");
    size_t index = (size_t)entries * ENTRY;
    *ret_header = (struct rpm_header){.index = gb_bytes(in.data + INTRO, index),
                                      .store = gb_bytes(in.data + INTRO + index, size),
                                      .whole = gb_bytes(in.data, INTRO + index + size)};
    return GB_OK;
}

static uint32_t u32_at(struct gb_bytes bytes, size_t at)
{
    const uint8_t *p = bytes.data + at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool rpm_find(const struct rpm_header *header, uint32_t tag, enum rpm_type type,
              struct rpm_value *ret_value)
{
    for (size_t at = 0; at < header->index.len; at += ENTRY) {
        if (u32_at(header->index, at) != tag)
            continue;
        uint32_t has = u32_at(header->index, at + 4);
        uint32_t offset = u32_at(header->index, at + 8);
        uint32_t count = u32_at(header->index, at + 12);
        bool list_of_one = type == RPM_STRINGS && has == RPM_STRING && count == 1;
        if ((has != (uint32_t)type && !list_of_one) || offset > header->store.len)
            return false;
        struct gb_bytes data = gb_bytes_from(header->store, offset);
        size_t width = type == RPM_INT16 ? 2 : type == RPM_INT32 ? 4 : 1; /* a string has its NUL */
        if (count == 0 || count > data.len / width)
            return false;
        *ret_value = (struct rpm_value){.type = type, .count = count, .data = data};
        return true;
    }
    return false;
}

bool rpm_next_text(struct rpm_value *value, struct gb_bytes *ret_text)
{
    const uint8_t *end = value->count > 0 && value->data.len > 0
                             ? memchr(value->data.data, 0, value->data.len)
                             : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - value->data.data);
    *ret_text = gb_bytes(value->data.data, len);
    value->data = gb_bytes_from(value->data, len + 1);
    value->count--;
    return true;
}

uint32_t rpm_number(const struct rpm_value *value, uint32_t index)
{
    const uint8_t *p = value->data.data + (size_t)index * (value->type == RPM_INT16 ? 2 : 4);
    return value->type == RPM_INT16 ? (uint32_t)p[0] << 8 | p[1]
                                    : u32_at(value->data, (size_t)index * 4);
}
