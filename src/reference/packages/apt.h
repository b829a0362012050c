/* What an apt repository says of its packages: Release and Packages files. Pure: cli/ opens files.
 */
#ifndef GB_REFERENCE_APT_H
#define GB_REFERENCE_APT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/packages/file_tree.h"

/* A file that is listed: what it must be. */
struct apt_file {
    uint64_t size;
    uint8_t sha256[FILE_DIGEST];
};

struct apt_release {
    struct gb_bytes suite;         /* "oldstable"; empty: none is said */
    struct gb_bytes codename;      /* "bookworm"; likewise */
    struct gb_bytes components;    /* names, with blanks between */
    struct gb_bytes architectures; /* likewise */
    struct gb_bytes date;          /* empty: none is said */
    struct gb_bytes valid_until;   /* likewise */
    struct gb_bytes sha256;        /* lines "HEX SIZE PATH" */
    bool all_is_within;            /* lists of each architecture hold the packages of "all" too */
};

/* The first paragraph; spans point into `text`. GB_ERR_INPUT. */
GB_MUST_USE int apt_release_read(struct gb_bytes text, struct apt_release *ret_release,
                                 struct gb_err *err);
/* What the release says of the file `path`, relative to it. False when it does not list it, or not
 * in this form. */
GB_MUST_USE bool apt_release_find(const struct apt_release *release, const char *path,
                                  struct apt_file *ret_file);
/* Whether the release calls itself so; one that says no name may have any. */
GB_MUST_USE bool apt_release_is(const struct apt_release *release, struct gb_bytes suite);
/* The text between the lines of a clear signature (RFC 4880, 7), unescaped, in the arena; nothing
 * is verified. GB_ERR_INPUT, NOMEM. */
GB_MUST_USE int apt_unsigned(struct gb_arena *arena, struct gb_bytes text,
                             struct gb_bytes *ret_text, struct gb_err *err);

struct apt_package {
    struct gb_bytes name;
    struct gb_bytes version;
    struct gb_bytes arch;
    struct gb_bytes path; /* relative to the repository; stays below it */
    struct apt_file file;
};

/* Calls `take` for each package of a Packages file; what it returns below 0 ends the reading.
 * GB_ERR_INPUT names the package's number. */
GB_MUST_USE int apt_packages_read(struct gb_bytes text,
                                  int (*take)(void *ctx, const struct apt_package *package,
                                              struct gb_err *err),
                                  void *ctx, struct gb_err *err);

#endif
