/* The minute files by their names, and what a crash leaves of them. Private to round_log.c. */
#ifndef GB_SERVER_ROUND_FILES_H
#define GB_SERVER_ROUND_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

enum round_file { ROUND_LEAVES, ROUND_QUOTES, ROUND_POLICIES };

/* "FOLDER/2026-11-29/0102.leaves.open"; `open` false: its last name. */
GB_MUST_USE int round_files_path(const char *folder, int64_t minute, enum round_file file,
                                 bool open, char out[PATH_MAX], struct gb_err *err);
/* Makes the minute's day, durably. */
GB_MUST_USE int round_files_make_day(const char *folder, int64_t minute, struct gb_err *err);
/* fsync of the minute's day. */
GB_MUST_USE int round_files_sync_day(const char *folder, int64_t minute, struct gb_err *err);
/* Days that there are, "2026-11-29", NULL-terminated, sorted; in the arena. */
GB_MUST_USE int round_files_days(struct gb_arena *arena, const char *folder,
                                 const char *const **ret_days, struct gb_err *err);
/* First minute of a day; false for a name that is none. */
GB_MUST_USE bool round_files_day_minute(const char *day, int64_t *ret_minute);
/* Minutes that are open, from the day of `from` on, sorted; in the arena. */
GB_MUST_USE int round_files_open(struct gb_arena *arena, const char *folder, int64_t from,
                                 int64_t **ret_minutes, size_t *ret_count, struct gb_err *err);
/* Cuts off what is no whole record at the end of an open minute's files. */
GB_MUST_USE int round_files_mend(struct gb_arena *arena, const char *folder, int64_t minute,
                                 struct gb_err *err);

#endif
