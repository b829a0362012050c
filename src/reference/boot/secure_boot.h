/*
 * What firmware measures of Secure Boot into PCR 7: its variables, and the certificate of db by
 * which it verified an image (PFP 1.06, 3.3.4.8; edk2's DxeImageVerificationLib).
 */
#ifndef GB_REFERENCE_SECURE_BOOT_H
#define GB_REFERENCE_SECURE_BOOT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/boot/pe.h"
#include "reference/predict_set.h"

/* Contents of the variables: signature lists, empty where one is not set. */
struct secure_boot {
    bool on;
    struct gb_bytes pk;
    struct gb_bytes kek;
    struct gb_bytes db;
    struct gb_bytes dbx;
    struct gb_bytes sbat_level; /* that shim keeps on this machine: text; empty: none is known */
};

/* Contents out of a file: EFI variables as Linux shows them have four bytes of attributes in front,
 * files for enrolment (".auth") a time and a signature (EFI_VARIABLE_AUTHENTICATION_2,
 * UEFI 2.10, 8.2.6). GB_ERR_INPUT. */
GB_MUST_USE int secure_boot_efivarfs(struct gb_bytes file, struct gb_bytes *ret_data,
                                     struct gb_err *err);
GB_MUST_USE int secure_boot_auth(struct gb_bytes file, struct gb_bytes *ret_data,
                                 struct gb_err *err);

/* Events of the five variables, in firmware's order. */
GB_MUST_USE int secure_boot_add(struct predict_set *build, const struct secure_boot *variables,
                                struct gb_err *err);

/* The event of db's certificate that firmware verifies `image` by, unless it is `*last` already: a
 * certificate is measured once. The signature is not verified here: it must name the certificate as
 * an issuer. GB_ERR_CONFIG when none of db is named. Does nothing when Secure Boot is off. */
GB_MUST_USE int secure_boot_add_authority(struct predict_set *build,
                                          const struct secure_boot *variables,
                                          const struct pe_image *image, struct gb_bytes *last,
                                          struct gb_err *err);

/* Whether one of the image's signatures has a certificate that was issued by `certificate` (DER).
 */
bool secure_boot_signed_by(const struct pe_image *image, struct gb_bytes certificate);

/* One event of UEFI_VARIABLE_DATA with this name (ASCII) and these contents. */
struct secure_boot_variable {
    const uint8_t *guid; /* 16 bytes */
    const char *name;
    const char *about;
    uint32_t type;
};
GB_MUST_USE int secure_boot_add_variable(struct predict_set *build,
                                         const struct secure_boot_variable *variable,
                                         const struct gb_bytes *pieces, size_t count,
                                         struct gb_err *err);

#endif
