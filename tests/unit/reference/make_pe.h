/* Builds small PE32+ images in memory, so that tests choose every quirk. */
#ifndef GB_TESTS_MAKE_PE_H
#define GB_TESTS_MAKE_PE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"

enum {
    MAKE_PE_HEADERS = 0x400,
    MAKE_PE_ALIGN = 0x200,
    MAKE_PE_AT = 0x80,                 /* of the PE header */
    MAKE_PE_COUNT_AT = MAKE_PE_AT + 6, /* number of sections */
    MAKE_PE_OPTIONAL_AT = MAKE_PE_AT + 24,
    MAKE_PE_HEADERS_SIZE_AT = MAKE_PE_OPTIONAL_AT + 60,
    MAKE_PE_CHECKSUM_AT = MAKE_PE_OPTIONAL_AT + 64,
    MAKE_PE_DIRECTORIES_AT = MAKE_PE_OPTIONAL_AT + 108, /* their number; the entries follow */
    MAKE_PE_SECURITY_AT = MAKE_PE_DIRECTORIES_AT + 4 + 4 * 8,
    MAKE_PE_TABLE_AT = MAKE_PE_OPTIONAL_AT + 240,
    MAKE_PE_SECTION = 40,
};

struct make_pe_section {
    const char *name; /* at most eight characters */
    struct gb_bytes bytes;
    uint32_t virtual_size; /* 0: as long as `bytes` */
};

/* Headers, then each section padded to MAKE_PE_ALIGN, in order. */
void make_pe(struct gb_buf *out, const struct make_pe_section *sections, size_t count);
/* Overwrites a little-endian number. */
void make_pe_patch(struct gb_buf *out, size_t at, uint32_t value);
/* Appends a certificate table and points the headers at it. */
void make_pe_sign(struct gb_buf *out, size_t len);

/* A unified kernel image of stub 252: .sdmagic, .osrel, .cmdline, .initrd, .linux (itself a PE). */
struct make_uki {
    const char *stub;    /* text of .sdmagic; NULL: of release 252 */
    const char *cmdline; /* NULL: no such section */
    const char *initrd;
    const char *extra;  /* one more section of this name, or NULL */
    const char *kernel; /* release that the kernel names ("6.1.0"), or NULL: none */
};
void make_uki_image(struct gb_buf *out, const struct make_uki *said);
/* The kernel image alone. */
void make_kernel(struct gb_buf *out, const char *release);

#endif
