/* The digest by which firmware measures a PE image (and a signature names it): Microsoft's
 * "Windows Authenticode Portable Executable Signature Format", section "Calculating the PE Image
 * Hash"; UEFI 2.10, 32.2.4. */
#ifndef GB_REFERENCE_AUTHENTICODE_H
#define GB_REFERENCE_AUTHENTICODE_H

#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "reference/boot/pe.h"

/* out receives digest_size(alg) bytes. GB_ERR_INPUT when sections and certificates claim more
 * bytes than the file has (firmware refuses to load it too). */
GB_MUST_USE int authenticode_digest(struct digester *digester, enum digest_alg alg,
                                    const struct pe_image *image, uint8_t *out, struct gb_err *err);

#endif
