/* Names on an EFI system partition, which is FAT: upper and lower case are the same. */
#ifndef GB_CLI_FAT_PATH_H
#define GB_CLI_FAT_PATH_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

/* Finds `path` ("/EFI/BOOT/BOOTX64.EFI") in a folder that may lie on any file system.
 * `*ret_full` is the whole path as it is spelt there, NULL when there is none. ASCII letters alone
 * are compared without case. GB_ERR_CONFIG when two names differ in nothing else, for no FAT has
 * both: it would not be told which one boots. */
GB_MUST_USE int fat_path_find(struct gb_arena *arena, const char *folder, const char *path,
                              const char **ret_full, struct gb_err *err);

#endif
