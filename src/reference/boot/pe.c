#include "reference/boot/pe.h"

#include <string.h>

#include "base/limits.h"
#include "base/reader.h"

static int read_headers(struct gb_bytes in, struct pe_image *image, size_t *ret_table_at,
                        struct gb_err *err);
static int read_optional(struct gb_reader *r, size_t at, size_t size, struct pe_image *image,
                         struct gb_err *err);
static int read_section(struct gb_reader *r, const struct pe_image *image,
                        struct pe_section *section, struct gb_err *err);

int pe_read(struct gb_arena *arena, struct gb_bytes in, struct pe_image *ret_image,
            struct gb_err *err)
{
    if (in.len > GB_LIMIT_IMAGE)
        return gb_err_set(err, GB_ERR_LIMIT, "an image of more than %d bytes", GB_LIMIT_IMAGE);
    struct pe_image image = {.file = in};
    size_t table_at = 0;
    int r = read_headers(in, &image, &table_at, err);
    if (r < 0)
        return r;
    image.sections = gb_arena_new_array(arena, struct pe_section, image.section_count);
    if (!image.sections)
        return gb_err_nomem(err);
    struct gb_reader table;
    gb_reader_init(&table, gb_bytes_from(in, table_at));
    table.base = table_at;
    for (size_t i = 0; i < image.section_count; i++) {
        r = read_section(&table, &image, &image.sections[i], err);
        if (r < 0) {
            gb_err_prefix(err, "section %zu: ", i);
            return r;
        }
    }
    *ret_image = image;
    return GB_OK;
}

/* The DOS header's only useful field: where the PE header begins. */
static int find_pe_header(struct gb_bytes in, size_t *ret_at, struct gb_err *err)
{
    enum { DOS_LFANEW = 0x3c, DOS_SIZE = 0x40 };
    if (in.len < DOS_SIZE || !gb_bytes_starts(in, gb_bytes_str("MZ")))
        return gb_err_at(err, GB_ERR_INPUT, 0, "not a PE image (no MZ header)");
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes(in.data + DOS_LFANEW, 4));
    size_t at = gb_read_u32le(&r);
    if (at > in.len)
        return gb_err_at(err, GB_ERR_INPUT, DOS_LFANEW, "the PE header lies beyond the file");
    *ret_at = at;
    return GB_OK;
}

static int read_headers(struct gb_bytes in, struct pe_image *image, size_t *ret_table_at,
                        struct gb_err *err)
{
    size_t at = 0;
    int result = find_pe_header(in, &at, err);
    if (result < 0)
        return result;
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes_from(in, at));
    r.base = at;
    struct gb_bytes magic = gb_read_bytes(&r, 4);
    gb_read_u16le(&r); /* machine: what it is built for does not change what is hashed */
    size_t section_count = gb_read_u16le(&r);
    gb_read_bytes(&r, 12); /* time, symbols */
    size_t optional_size = gb_read_u16le(&r);
    gb_read_u16le(&r); /* characteristics */
    size_t optional_at = gb_reader_offset(&r);
    struct gb_reader optional = gb_read_sub(&r, optional_size);
    size_t table_at = gb_reader_offset(&r);
    result = gb_reader_check(&r, err);
    if (result < 0) {
        gb_err_prefix(err, "PE header: ");
        return result;
    }
    if (!gb_bytes_equal(magic, gb_bytes("PE\0\0", 4)))
        return gb_err_at(err, GB_ERR_INPUT, at, "not a PE image (no PE signature)");
    if (section_count == 0 || section_count > GB_LIMIT_PE_SECTIONS)
        return gb_err_at(err, GB_ERR_INPUT, at + 6, "%zu sections (1 to %d are possible)",
                         section_count, GB_LIMIT_PE_SECTIONS);
    image->section_count = section_count;
    result = read_optional(&optional, optional_at, optional_size, image, err);
    if (result < 0)
        return result;
    enum { SECTION_HEADER = 40 };
    if (table_at + section_count * SECTION_HEADER > image->headers_size)
        return gb_err_at(err, GB_ERR_INPUT, table_at, "the section table lies beyond the headers");
    *ret_table_at = table_at;
    return GB_OK;
}

/* Entry 4 of the data directories: the only one that holds a file offset, not an address. */
static int read_security(struct gb_reader *r, uint32_t directories, struct pe_image *image,
                         struct gb_err *err)
{
    enum { SECURITY = 4, ENTRY = 8 };
    if (directories <= SECURITY)
        return GB_OK;
    gb_read_bytes(r, (size_t)SECURITY * ENTRY);
    size_t at = gb_reader_offset(r);
    size_t offset = gb_read_u32le(r);
    size_t size = gb_read_u32le(r);
    int result = gb_reader_check(r, err);
    if (result < 0) {
        gb_err_prefix(err, "data directories: ");
        return result;
    }
    /* Firmware leaves out as many bytes as the table has, at the end of the file, wherever the
     * table is: anything but a table at the end would be hashed in part. */
    if (size > 0 && (offset > image->file.len || size != image->file.len - offset))
        return gb_err_at(err, GB_ERR_INPUT, at, "the certificate table does not end the file");
    image->security_at = at;
    image->certificates_size = size;
    return GB_OK;
}

static int read_optional(struct gb_reader *r, size_t at, size_t size, struct pe_image *image,
                         struct gb_err *err)
{
    enum { PE32 = 0x10b, PE32_PLUS = 0x20b, HEADERS_SIZE = 60, MOST_DIRECTORIES = 16 };
    uint16_t magic = gb_read_u16le(r);
    gb_read_bytes(r, HEADERS_SIZE - 2);
    size_t headers_size = gb_read_u32le(r);
    size_t checksum_at = gb_reader_offset(r);
    gb_read_u32le(r); /* checksum */
    gb_read_u32le(r); /* subsystem, DLL characteristics */
    /* Sizes of stack and heap: machine words; then loader flags. */
    gb_read_bytes(r, (magic == PE32_PLUS ? 4 * 8 : 4 * 4) + 4);
    uint32_t directories = gb_read_u32le(r);
    int result = gb_reader_check(r, err);
    if (result < 0) {
        gb_err_prefix(err, "optional header of %zu bytes: ", size);
        return result;
    }
    if (magic != PE32 && magic != PE32_PLUS)
        return gb_err_at(err, GB_ERR_INPUT, at, "optional header of unknown kind 0x%x", magic);
    if (directories > MOST_DIRECTORIES)
        return gb_err_at(err, GB_ERR_INPUT, gb_reader_offset(r) - 4, "%u data directories",
                         directories);
    if (headers_size > image->file.len || headers_size < at + size)
        return gb_err_at(err, GB_ERR_INPUT, at + HEADERS_SIZE,
                         "headers of %zu bytes in a file of %zu", headers_size, image->file.len);
    image->headers_size = headers_size;
    image->checksum_at = checksum_at;
    return read_security(r, directories, image, err);
}

static int read_section(struct gb_reader *r, const struct pe_image *image,
                        struct pe_section *section, struct gb_err *err)
{
    size_t at = gb_reader_offset(r);
    struct gb_bytes name = gb_read_bytes(r, PE_NAME);
    uint32_t virtual_size = gb_read_u32le(r);
    gb_read_u32le(r); /* address */
    size_t raw_size = gb_read_u32le(r);
    size_t raw_at = gb_read_u32le(r);
    gb_read_bytes(r, 16); /* relocations, line numbers, characteristics */
    int result = gb_reader_check(r, err);
    if (result < 0)
        return result;
    size_t left = image->file.len - image->certificates_size;
    if (raw_size > 0 && (raw_at > left || raw_size > left - raw_at))
        return gb_err_at(err, GB_ERR_INPUT, at + 16, "its bytes lie beyond the file");
    if (virtual_size > GB_LIMIT_IMAGE)
        return gb_err_at(err, GB_ERR_LIMIT, at + 8, "%u bytes in memory", virtual_size);
    if (name.data)
        memcpy(section->name, name.data, PE_NAME);
    section->virtual_size = virtual_size;
    section->raw_at = raw_at;
    if (raw_size > 0)
        section->raw = gb_bytes(image->file.data + raw_at, raw_size);
    return GB_OK;
}

const struct pe_section *pe_find(const struct pe_image *image, const char *name)
{
    for (size_t i = 0; i < image->section_count; i++)
        if (strcmp(image->sections[i].name, name) == 0)
            return &image->sections[i];
    return NULL;
}

struct pe_memory pe_memory(const struct pe_section *section)
{
    size_t head =
        section->virtual_size < section->raw.len ? section->virtual_size : section->raw.len;
    return (struct pe_memory){.head = gb_bytes(section->raw.data, head),
                              .zeros = section->virtual_size - head};
}
