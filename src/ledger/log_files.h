/* Durable files of a log: written beside, synced, renamed; their folders are synced together,
 * before a checkpoint may name anything in them. Private to log.c. */
#ifndef GB_LEDGER_LOG_FILES_H
#define GB_LEDGER_LOG_FILES_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/tiles.h"

enum { LOG_FILES_DIRTY = 16 };

struct log_files {
    int root;         /* the log's folder, locked; -1 before log_files_open */
    const char *path; /* borrowed, for messages */
    char dirty[LOG_FILES_DIRTY][TILES_PATH]; /* folders with names that are not synced */
    size_t dirty_count;
};

/* Makes the folder when it is missing and takes its lock. GB_ERR_AGAIN, IO. */
GB_MUST_USE int log_files_open(struct log_files *files, const char *path, struct gb_err *err);
void log_files_close(struct log_files *files);
/* The file's bytes are durable afterwards, its name after log_files_sync. GB_ERR_IO. */
GB_MUST_USE int log_files_write(struct log_files *files, const struct tiles_name *name,
                                struct gb_bytes bytes, struct gb_err *err);
GB_MUST_USE int log_files_sync(struct log_files *files, struct gb_err *err);
/* Removes the partial tiles of one index that are wider than `width` (0: all). What cannot be
 * removed stays: nobody reads it. */
void log_files_drop_partial(const struct log_files *files, const struct tiles_name *of,
                            unsigned width);
/* Removes a full tile; false when there was none. */
bool log_files_drop(const struct log_files *files, const struct tiles_name *name);

#endif
