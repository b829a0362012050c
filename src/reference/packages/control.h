/* Debian's control files (deb822): paragraphs of "Name: value" lines, as in /var/lib/dpkg/status,
 * in Packages and Release of a repository, in a package. Any thread; borrows the text. */
#ifndef GB_REFERENCE_CONTROL_H
#define GB_REFERENCE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/text.h"

struct control {
    struct gb_bytes rest;
    size_t line; /* of the first of `rest`, from 1 */
};

void control_init(struct control *control, struct gb_bytes text);

/* The next paragraph: values[i] receives what names[i] (ASCII, in either case) has, without blanks
 * at its ends but with its further lines; data is NULL when the field is absent. 1, or 0 at the
 * end. GB_ERR_INPUT names the line: no such form, a field twice, a NUL. */
GB_MUST_USE int control_next(struct control *control, const char *const *names, size_t count,
                             struct gb_bytes *values, struct gb_err *err);

/* A package, as these files tell it apart. */
struct control_package {
    struct gb_bytes name;
    struct gb_bytes arch;
    struct gb_bytes version;
};

/* What may stand in a path and a message: letters, digits and "+-.:~". */
GB_MUST_USE bool control_word(struct gb_bytes text);

#endif
