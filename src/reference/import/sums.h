/* Lists of checksums: what sha256sum, sha384sum and sha512sum print, and Keylime's older allow
 * lists, which look alike. */
#ifndef GB_REFERENCE_SUMS_H
#define GB_REFERENCE_SUMS_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/import/import.h"

/*
 * A line each: HEX, a blank, a blank or '*' (binary), the name; with a backslash before it the name
 * is escaped ("\\n" is a newline, "\\r" a carriage return, "\\\\" a backslash). Or as `--tag`
 * prints: "SHA256 (NAME) = HEX". Keylime may put "sha256:" before the hex, and any run of blanks
 * behind it. Empty lines and lines that begin with '#' are skipped. The digest's length tells the
 * algorithm; of SHA-1 it is refused and counted. GB_ERR_INPUT names the line; what the import holds
 * then is worthless.
 */
GB_MUST_USE int sums_read(struct import *import, struct gb_bytes in, struct gb_err *err);

#endif
