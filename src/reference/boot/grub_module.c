#include "reference/boot/grub_module.h"

#include "base/reader.h"
#include "base/text.h"

/* ELF-64, little-endian: where its sections are described, and their names kept. */
struct elf {
    struct gb_bytes file;
    uint64_t sections_at;
    size_t entry_size;
    size_t count;
    size_t names_index;
};

struct section {
    size_t name_at;
    struct gb_bytes body;
};

static int read_head(struct gb_bytes file, struct elf *ret_elf, struct gb_err *err)
{
    enum { IDENT = 16, TYPE_TO_ENTRY = 8, ENTRY_AND_PROGRAMS = 16, FLAGS_AND_SIZES = 10 };
    struct elf elf = {.file = file};
    struct gb_reader r;
    gb_reader_init(&r, file);
    struct gb_bytes ident = gb_read_bytes(&r, IDENT);
    gb_read_bytes(&r, TYPE_TO_ENTRY);
    gb_read_bytes(&r, ENTRY_AND_PROGRAMS);
    elf.sections_at = gb_read_u64le(&r);
    gb_read_bytes(&r, FLAGS_AND_SIZES);
    elf.entry_size = gb_read_u16le(&r);
    elf.count = gb_read_u16le(&r);
    elf.names_index = gb_read_u16le(&r);
    int result = gb_reader_check(&r, err);
    if (result < 0)
        return result;
    if (!gb_bytes_starts(ident, gb_bytes("\x7f"
                                         "ELF\x02\x01",
                                         6)))
        return gb_err_set(err, GB_ERR_CONFIG, "not an ELF file of 64 bits, little-endian");
    *ret_elf = elf;
    return GB_OK;
}

static int read_section(const struct elf *elf, size_t index, struct section *ret_section,
                        struct gb_err *err)
{
    enum { TYPE_FLAGS_ADDRESS = 20, NOBITS = 8 };
    uint64_t at = elf->sections_at + (uint64_t)index * elf->entry_size;
    if (elf->sections_at > elf->file.len || at > elf->file.len)
        return gb_err_set(err, GB_ERR_INPUT, "a section outside the file");
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes_from(elf->file, (size_t)at));
    size_t name_at = gb_read_u32le(&r);
    uint32_t type = gb_read_u32le(&r);
    gb_read_bytes(&r, TYPE_FLAGS_ADDRESS - 4);
    uint64_t from = gb_read_u64le(&r);
    uint64_t size = gb_read_u64le(&r);
    int result = gb_reader_check(&r, err);
    if (result < 0)
        return result;
    if (type == NOBITS)
        from = size = 0;
    if (from > elf->file.len || size > elf->file.len - from)
        return gb_err_set(err, GB_ERR_INPUT, "a section outside the file");
    *ret_section =
        (struct section){.name_at = name_at, .body = gb_bytes(elf->file.data + from, (size_t)size)};
    return GB_OK;
}

int grub_module_read(struct gb_bytes file, struct grub_module *ret_module, struct gb_err *err)
{
    struct grub_module module = {0};
    struct section names = {0};
    struct elf elf = {0};
    int r = read_head(file, &elf, err);
    if (r == 0)
        r = read_section(&elf, elf.names_index, &names, err);
    for (size_t i = 0; r == 0 && i < elf.count; i++) {
        struct section section = {0};
        r = read_section(&elf, i, &section, err);
        if (r < 0 || section.name_at > names.body.len)
            continue;
        struct gb_bytes rest = gb_bytes_from(names.body, section.name_at);
        struct gb_bytes name = gb_text_until(&rest, 0);
        if (gb_bytes_is(name, ".modname"))
            module.name = gb_text_until(&section.body, 0);
        else if (gb_bytes_is(name, ".moddeps"))
            module.needs = section.body;
    }
    if (r == 0 && module.name.len == 0)
        r = gb_err_set(err, GB_ERR_CONFIG, "no module of GRUB: it has no section .modname");
    if (r == 0)
        *ret_module = module;
    return r;
}
