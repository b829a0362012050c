#include "make_pe.h"

#include <string.h>

static void fill(struct gb_buf *out, size_t to)
{
    static const uint8_t zeros[4096];
    while (out->len < to && gb_buf_ok(out))
        gb_buf_add(out, zeros, to - out->len < sizeof zeros ? to - out->len : sizeof zeros);
}

static size_t align(size_t n)
{
    return (n + MAKE_PE_ALIGN - 1) / MAKE_PE_ALIGN * MAKE_PE_ALIGN;
}

static void put_optional(struct gb_buf *out)
{
    enum { PE32_PLUS = 0x20b, DIRECTORIES = 16 };
    gb_buf_u16le(out, PE32_PLUS);
    fill(out, MAKE_PE_HEADERS_SIZE_AT);
    gb_buf_u32le(out, MAKE_PE_HEADERS);
    gb_buf_u32le(out, 0x11223344); /* checksum */
    fill(out, MAKE_PE_DIRECTORIES_AT);
    gb_buf_u32le(out, DIRECTORIES);
    fill(out, MAKE_PE_TABLE_AT);
}

static void put_headers(struct gb_buf *out, size_t count)
{
    gb_buf_puts(out, "MZ");
    fill(out, 0x3c);
    gb_buf_u32le(out, MAKE_PE_AT);
    fill(out, MAKE_PE_AT);
    gb_buf_add(out, "PE\0\0", 4);
    gb_buf_u16le(out, 0x8664);
    gb_buf_u16le(out, (uint16_t)count);
    fill(out, MAKE_PE_AT + 20);
    gb_buf_u16le(out, MAKE_PE_TABLE_AT - MAKE_PE_OPTIONAL_AT);
    gb_buf_u16le(out, 0x0206);
    put_optional(out);
}

void make_pe(struct gb_buf *out, const struct make_pe_section *sections, size_t count)
{
    put_headers(out, count);
    size_t at = MAKE_PE_HEADERS;
    for (size_t i = 0; i < count; i++) {
        char name[8] = {0};
        memcpy(name, sections[i].name, strlen(sections[i].name));
        size_t raw = align(sections[i].bytes.len);
        size_t memory = sections[i].virtual_size ? sections[i].virtual_size : sections[i].bytes.len;
        gb_buf_add(out, name, sizeof name);
        gb_buf_u32le(out, (uint32_t)memory);
        gb_buf_u32le(out, (uint32_t)(0x1000 * (i + 1)));
        gb_buf_u32le(out, (uint32_t)raw);
        gb_buf_u32le(out, raw ? (uint32_t)at : 0);
        fill(out, MAKE_PE_TABLE_AT + MAKE_PE_SECTION * (i + 1));
        at += raw;
    }
    fill(out, MAKE_PE_HEADERS);
    for (size_t i = 0; i < count; i++) {
        gb_buf_add(out, sections[i].bytes.data, sections[i].bytes.len);
        fill(out, align(out->len));
    }
}

void make_pe_patch(struct gb_buf *out, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        out->data[at + i] = (uint8_t)(value >> (8 * i));
}

void make_pe_sign(struct gb_buf *out, size_t len)
{
    make_pe_patch(out, MAKE_PE_SECURITY_AT, (uint32_t)out->len);
    make_pe_patch(out, MAKE_PE_SECURITY_AT + 4, (uint32_t)len);
    for (size_t i = 0; i < len; i++)
        gb_buf_add(out, "\xcc", 1);
}

void make_kernel(struct gb_buf *out, const char *release)
{
    const struct make_pe_section text = {".text", gb_bytes_str("kernel code"), 0};
    make_pe(out, &text, 1);
    if (!release)
        return;
    /* The headers of bzImage lie between those of PE and its table's end. */
    enum { MAGIC_AT = 0x202, VERSION_AT = 0x20e, TEXT_AT = 0x300 };
    memcpy(out->data + MAGIC_AT, "HdrS", 4);
    out->data[VERSION_AT] = (TEXT_AT - 0x200) & 0xff;
    out->data[VERSION_AT + 1] = (TEXT_AT - 0x200) >> 8;
    memcpy(out->data + TEXT_AT, release, strlen(release));
}

void make_uki_image(struct gb_buf *out, const struct make_uki *said)
{
    const char *stub =
        said->stub ? said->stub : "#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####";
    struct gb_buf kernel;
    gb_buf_init(&kernel, 1 << 20);
    make_kernel(&kernel, said->kernel);
    struct make_pe_section sections[6] = {
        {".sdmagic", gb_bytes_str(stub), 0},
        {".osrel", gb_bytes_str("ID=test\n"), 0},
    };
    size_t count = 2;
    if (said->cmdline)
        sections[count++] = (struct make_pe_section){".cmdline", gb_bytes_str(said->cmdline), 0};
    if (said->initrd)
        sections[count++] = (struct make_pe_section){".initrd", gb_bytes_str(said->initrd), 0};
    if (said->extra)
        sections[count++] = (struct make_pe_section){said->extra, gb_bytes_str("extra"), 0};
    sections[count++] = (struct make_pe_section){".linux", gb_buf_bytes(&kernel), 0};
    make_pe(out, sections, count);
    gb_buf_done(&kernel);
}
