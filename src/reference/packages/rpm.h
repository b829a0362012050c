/*
 * An rpm package: lead, signature header, header, payload (a compressed cpio). Files are hashed
 * from the payload; what the header says of each, of itself and of the payload must agree.
 * Signatures of the package are not checked: that is rpmkeys' work.
 */
#ifndef GB_REFERENCE_RPM_H
#define GB_REFERENCE_RPM_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/packages/file_list.h"
#include "reference/packages/package.h"

/* Reads a package. Its files go to `list`. GB_ERR_INPUT, LIMIT, NOMEM, BUG. */
GB_MUST_USE int rpm_read(const struct package_room *room, struct gb_bytes bytes,
                         struct package *ret_package, struct file_list *list, struct gb_err *err);

#endif
