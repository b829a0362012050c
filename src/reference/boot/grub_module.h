/* A module of GRUB: an ELF file for x86_64 (include/grub/dl.h). */
#ifndef GB_REFERENCE_GRUB_MODULE_H
#define GB_REFERENCE_GRUB_MODULE_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct grub_module {
    struct gb_bytes name;  /* section .modname, without its NUL */
    struct gb_bytes needs; /* section .moddeps: names with a NUL behind each; may be empty */
};

/* Borrows `file`; the result points into it. GB_ERR_INPUT, GB_ERR_CONFIG for another file. */
GB_MUST_USE int grub_module_read(struct gb_bytes file, struct grub_module *ret_module,
                                 struct gb_err *err);

#endif
