/* The database file before it is used: who else has it, is it whole, is it ours. Private to store/.
 */
#ifndef GB_STORE_FILE_H
#define GB_STORE_FILE_H

#include "base/check.h"
#include "base/err.h"

/* Takes the lock beside the database ("PATH.lock"); CONFIG names the process that has it. The lock
 * ends with the descriptor. */
GB_MUST_USE int db_file_lock(const char *path, int *ret_fd, struct gb_err *err);
/* Makes the database when there is none (mode 0600, complete or not at all); checks it otherwise,
 * without changing it: quick_check where it is small, application and version. CONFIG says what to
 * do. */
GB_MUST_USE int db_file_ready(const char *path, struct gb_err *err);

#endif
