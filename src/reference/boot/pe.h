/*
 * PE/COFF images as firmware sees them: Microsoft's PE Format, and what edk2's loader insists on.
 * Only what measuring needs; the bytes are a stranger's.
 */
#ifndef GB_REFERENCE_PE_H
#define GB_REFERENCE_PE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum { PE_NAME = 8 };

struct pe_section {
    char name[PE_NAME + 1];
    uint32_t virtual_size; /* bytes in memory */
    struct gb_bytes raw;   /* bytes in the file; empty for .bss and its like */
    size_t raw_at;
};

struct pe_image {
    struct gb_bytes file;
    size_t headers_size; /* SizeOfHeaders: DOS stub, headers and section table */
    size_t checksum_at;
    size_t security_at;       /* entry of the certificate table in the data directories; 0: none */
    size_t certificates_size; /* the table itself ends the file */
    struct pe_section *sections;
    size_t section_count;
};

/* Reads headers and section table; `in` outlives the image. GB_ERR_INPUT with the offset, or
 * GB_ERR_LIMIT. */
GB_MUST_USE int pe_read(struct gb_arena *arena, struct gb_bytes in, struct pe_image *ret_image,
                        struct gb_err *err);

/* NULL when there is none of exactly that name; the first when there are several. */
const struct pe_section *pe_find(const struct pe_image *image, const char *name);

/* What a loader has at the section's address: `head` from the file, then `zeros` bytes of zero. */
struct pe_memory {
    struct gb_bytes head;
    size_t zeros;
};

struct pe_memory pe_memory(const struct pe_section *section);

#endif
