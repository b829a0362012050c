/* Files that hold secrets: read into memory that is locked and wiped; what was read on the way is
 * wiped, too. */
#ifndef GB_OS_SECRET_FILE_H
#define GB_OS_SECRET_FILE_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/secret.h"

/* The whole file, at most `max` bytes. Codes of file_read (os/file.h). */
GB_MUST_USE int secret_file_read(const char *path, size_t max, struct secret *ret_secret,
                                 struct gb_err *err);
/* The first line, without its end. NULL: no passphrase, an empty one. GB_ERR_CONFIG unless it has 1
 * to GB_LIMIT_PASSPHRASE bytes; codes of file_read. */
GB_MUST_USE int secret_file_passphrase(const char *path, struct secret *ret_secret,
                                       struct gb_err *err);

#endif
