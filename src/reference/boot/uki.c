#include "reference/boot/uki.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "reference/boot/pe.h"
#include "reference/boot/uki_archive.h"

/*
 * What systemd-stub measures into PCR 11, in this order whatever the file's (UAPI.5, "UKI TPM PCR
 * Measurements"). Of the sections a stub knows, .pcrsig alone is never measured: it signs the
 * result.
 */
static const struct known_section {
    const char *name;
    enum gb_link link;
} known_sections[] = {
    {".linux", GB_LINK_KERNEL},  {".osrel", GB_LINK_BOOTLOADER},   {".cmdline", GB_LINK_CMDLINE},
    {".initrd", GB_LINK_INITRD}, {".splash", GB_LINK_BOOTLOADER},  {".dtb", GB_LINK_BOOTLOADER},
    {".pcrsig", GB_LINK_NONE},   {".pcrpkey", GB_LINK_BOOTLOADER},
};

/* Releases whose booted values were compared with the prediction. */
enum { STUB_FIRST = 252, STUB_LAST = 252 };

static int read_stub(const struct pe_image *image, unsigned *ret_stub, struct gb_err *err);
static int check_names(struct gb_arena *arena, const struct pe_image *image, struct gb_err *err);
static int read_linux(struct uki *uki, struct gb_err *err);
static int read_cmdline(struct gb_arena *arena, struct uki *uki, struct gb_err *err);
static int read_initrd(struct gb_arena *arena, struct uki *uki, struct gb_err *err);

/* A tail of zeros costs a file nothing and us a hash over all of it: a real one fills a page. */
static int list_sections(struct uki *uki, struct gb_err *err)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(known_sections); i++) {
        const struct known_section *known = &known_sections[i];
        const struct pe_section *section = pe_find(&uki->image, known->name);
        if (!section || section->virtual_size == 0 || known->link == GB_LINK_NONE)
            continue;
        struct pe_memory memory = pe_memory(section);
        if (memory.zeros > GB_LIMIT_PE_ZEROS)
            return gb_err_set(err, GB_ERR_LIMIT,
                              "%s is %zu bytes longer in memory than in the file", known->name,
                              memory.zeros);
        uki->sections[uki->section_count++] =
            (struct uki_section){.name = known->name, .link = known->link, .memory = memory};
    }
    return GB_OK;
}

int uki_read(struct gb_arena *arena, struct gb_bytes in, struct uki *ret_uki, struct gb_err *err)
{
    struct uki uki = {0};
    int r = pe_read(arena, in, &uki.image, err);
    if (r < 0)
        return r;
    r = read_stub(&uki.image, &uki.stub, err);
    if (r == 0)
        r = check_names(arena, &uki.image, err);
    if (r == 0)
        r = read_linux(&uki, err);
    if (r == 0)
        r = read_cmdline(arena, &uki, err);
    if (r == 0)
        r = list_sections(&uki, err);
    if (r == 0)
        r = read_initrd(arena, &uki, err);
    if (r < 0)
        return r;
    *ret_uki = uki;
    return GB_OK;
}

/* .sdmagic holds "#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####". */
static int read_stub(const struct pe_image *image, unsigned *ret_stub, struct gb_err *err)
{
    static const char intro[] = "#### LoaderInfo: systemd-stub ";
    enum { MOST_DIGITS = 4 };
    const struct pe_section *section = pe_find(image, ".sdmagic");
    struct gb_bytes text = section ? section->raw : gb_bytes(NULL, 0);
    if (!gb_bytes_starts(text, gb_bytes_str(intro)))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "not a unified kernel image with systemd-stub (no .sdmagic section); "
                          "capture a boot of it instead");
    unsigned stub = 0;
    for (size_t i = sizeof intro - 1; i < text.len && i < sizeof intro - 1 + MOST_DIGITS; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            break;
        stub = stub * 10 + (text.data[i] - '0');
    }
    if (stub < STUB_FIRST || stub > STUB_LAST)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "what systemd-stub %u measures is not known here (%d to %d is); capture "
                          "a boot of it instead",
                          stub, STUB_FIRST, STUB_LAST);
    *ret_stub = stub;
    return GB_OK;
}

/* The stub compares as many characters as its own name has and takes the last match: a section
 * named twice, or ".linuxes", would be measured in ways that nobody meant. */
static int check_names(struct gb_arena *arena, const struct pe_image *image, struct gb_err *err)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(known_sections); i++) {
        const char *name = known_sections[i].name;
        const struct pe_section *first = NULL;
        for (size_t k = 0; k < image->section_count; k++) {
            const struct pe_section *section = &image->sections[k];
            if (strncmp(section->name, name, strlen(name)) != 0)
                continue;
            if (!first && strcmp(section->name, name) == 0) {
                first = section;
                continue;
            }
            char *shown = gb_text_escape(arena, gb_bytes_str(section->name), PE_NAME);
            if (!shown)
                return gb_err_nomem(err);
            return gb_err_set(err, GB_ERR_CONFIG,
                              "section %zu, \"%s\": the stub would take it for another %s", k,
                              shown, name);
        }
    }
    return GB_OK;
}

static int read_linux(struct uki *uki, struct gb_err *err)
{
    const struct pe_section *section = pe_find(&uki->image, ".linux");
    if (!section || section->virtual_size == 0)
        return gb_err_set(err, GB_ERR_CONFIG, "no .linux section: this is an addon or a bare stub");
    struct pe_memory memory = pe_memory(section);
    if (memory.zeros > 0)
        return gb_err_set(err, GB_ERR_CONFIG, ".linux is longer in memory than in the file");
    uki->linux_image = memory.head;
    return GB_OK;
}

/* Control characters are passed as spaces, those at the end not at all, and the text ends at a NUL.
 * (Early builds of 252 may keep the last ones: then no boot matches.) Other than ASCII the stub
 * widens or decodes, as its build pleases: refused. */
static int read_cmdline(struct gb_arena *arena, struct uki *uki, struct gb_err *err)
{
    const struct pe_section *section = pe_find(&uki->image, ".cmdline");
    if (!section || section->virtual_size == 0)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "no .cmdline section: whoever boots it chooses the command line");
    struct gb_bytes text = pe_memory(section).head;
    uint8_t *out = gb_arena_new_array(arena, uint8_t, text.len + 1);
    if (!out)
        return gb_err_nomem(err);
    size_t len = 0;
    for (; len < text.len && text.data[len]; len++) {
        if (text.data[len] > 0x7f)
            return gb_err_at(err, GB_ERR_CONFIG, section->raw_at + len,
                             ".cmdline holds a byte that is not ASCII");
        out[len] = text.data[len] < ' ' ? ' ' : text.data[len];
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = 0;
    uki->cmdline = gb_bytes(out, len);
    return GB_OK;
}

/* Sections that the stub packs for the initrd's use, in the order in which it appends them. */
static const struct packed {
    const char *section;
    const char *file;
} packed[] = {
    {".pcrsig", "tpm2-pcr-signature.json"},
    {".pcrpkey", "tpm2-pcr-public-key.pem"},
};

static int pack(struct gb_arena *arena, struct uki *uki, const struct packed *what,
                struct gb_err *err)
{
    struct gb_bytes archive;
    const struct pe_section *section = pe_find(&uki->image, what->section);
    if (!section || section->virtual_size == 0)
        return GB_OK;
    struct pe_memory memory = pe_memory(section);
    if (memory.zeros > 0)
        return gb_err_set(err, GB_ERR_CONFIG, "%s is longer in memory than in the file",
                          what->section);
    if (!uki_archive(arena, what->file, memory.head, &archive))
        return gb_err_nomem(err);
    uki->initrd[uki->initrd_pieces++] = (struct pe_memory){.head = archive};
    return GB_OK;
}

/* The stub passes .initrd as it is, unless it has archives to append: then filled up to a multiple
 * of four. */
static int read_initrd(struct gb_arena *arena, struct uki *uki, struct gb_err *err)
{
    const struct pe_section *section = pe_find(&uki->image, ".initrd");
    bool has_own = section && section->virtual_size > 0;
    if (has_own)
        uki->initrd[uki->initrd_pieces++] = pe_memory(section);
    for (size_t i = 0; i < GB_ARRAY_LEN(packed); i++) {
        int r = pack(arena, uki, &packed[i], err);
        if (r < 0)
            return r;
    }
    if (has_own && uki->initrd_pieces > 1)
        uki->initrd[0].zeros += (4 - section->virtual_size % 4) % 4;
    return GB_OK;
}
