/* Linux kernel images: is this one whose EFI stub measures what we predict? */
#ifndef GB_REFERENCE_KERNEL_H
#define GB_REFERENCE_KERNEL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/*
 * GB_ERR_CONFIG when the image names a release before 6.1, the first whose measurements were
 * compared with ours. An image that names none (other than x86's bzImage) is taken for a newer one:
 * a wrong guess makes a reference that no boot matches, never one that passes.
 */
GB_MUST_USE int kernel_check(struct gb_bytes image, struct gb_err *err);

/* "6.1.0-56-cloud-amd64", printable; NULL for an image that names none. */
GB_MUST_USE int kernel_release(struct gb_arena *arena, struct gb_bytes image,
                               const char **ret_release, struct gb_err *err);

#endif
