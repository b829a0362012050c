/*
 * A Debian package (deb(5), format 2): the files that dpkg unpacks, and those that it keeps of the
 * package itself below /var/lib/dpkg/info, scripts among them, which a node runs and measures.
 */
#ifndef GB_REFERENCE_DEB_H
#define GB_REFERENCE_DEB_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/packages/file_list.h"
#include "reference/packages/package.h"

/* Reads a package. Its files go to `list`. GB_ERR_INPUT, LIMIT, NOMEM, BUG. */
GB_MUST_USE int deb_read(const struct package_room *room, struct gb_bytes bytes,
                         struct package *ret_package, struct file_list *list, struct gb_err *err);

#endif
