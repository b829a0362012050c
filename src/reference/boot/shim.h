/*
 * shim, the first loader of distributions under Secure Boot: what it measures of its own keys (PCR
 * 7 and 14). Compared with boots of shim 16.1 as Debian has it.
 */
#ifndef GB_REFERENCE_SHIM_H
#define GB_REFERENCE_SHIM_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/boot/pe.h"
#include "reference/predict_set.h"

struct shim {
    struct gb_bytes certificate; /* the vendor's, DER */
    struct gb_bytes revoked;     /* the vendor's dbx: signature lists */
    struct gb_bytes sbat_level;  /* the one that shim sets by itself */
};

/* data of `certificate` NULL: the image is no shim. GB_ERR_INPUT for one that cannot be read. */
GB_MUST_USE int shim_read(const struct pe_image *image, struct shim *ret_shim, struct gb_err *err);

/* MokList, MokListX, MokListTrusted (PCR 14), SbatLevel and the key by which shim verified the next
 * loader (PCR 7). `verified` is that loader, NULL when Secure Boot is off: then nothing is
 * verified. `kept` is the SbatLevel that the machine has, empty when it has none: shim replaces an
 * older one. Assumed is that no keys are enrolled in MokManager. GB_ERR_CONFIG when the vendor's
 * certificate did not issue the loader's signature. */
GB_MUST_USE int shim_add(struct predict_set *build, const struct shim *shim,
                         const struct pe_image *verified, struct gb_bytes kept, struct gb_err *err);

#endif
