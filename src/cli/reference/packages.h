/* Many package files read at once, on as many processors as there are, each in constant memory. */
#ifndef GB_CLI_PACKAGES_H
#define GB_CLI_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/packages/file_list.h"
#include "reference/packages/package.h"

typedef int package_reader(const struct package_room *room, struct gb_bytes bytes,
                           struct package *ret_package, struct file_list *list, struct gb_err *err);

/* One file, and what is known of it before. */
struct package_job {
    const char *path;
    bool checked; /* size and sha256 say what the file must be */
    uint64_t size;
    uint8_t sha256[FILE_DIGEST];
    /* filled: */
    struct package package; /* lives as long as the packages */
    struct file_list list;
    struct gb_err err; /* code GB_OK: read */
};

struct packages;

/* Reads all of `jobs`; the first in their order that fails is the error, with its path. `want` as
 * in package_room, called by several threads. `progress`: a line on standard error. What jobs are
 * filled with lives until packages_free. */
GB_MUST_USE int packages_read(package_reader *reader, struct package_job *jobs, size_t count,
                              bool (*want)(void *ctx, const struct package *package), void *ctx,
                              bool progress, struct packages **ret_packages, struct gb_err *err);
void packages_free(struct packages *packages);
void packages_freep(struct packages **packages);

/* The paths of a command line: files as they are, folders as all files in them that end with
 * `suffix`, sorted. GB_ERR_NOTFOUND, CONFIG (a folder without any), LIMIT. */
GB_MUST_USE int packages_find(struct gb_arena *arena, const char *const *args, size_t count,
                              const char *suffix, struct package_job **ret_jobs, size_t *ret_count,
                              struct gb_err *err);

/* All files of the jobs as one set, in `arena`; the jobs' lists are used up. */
GB_MUST_USE int packages_set(struct gb_arena *arena, struct package_job *jobs, size_t count,
                             const char *name, struct ref_set **ret_set, struct gb_err *err);

#endif
