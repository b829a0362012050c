/* What the file_*.c share. Private to os/. */
#ifndef GB_OS_FILE_PATH_H
#define GB_OS_FILE_PATH_H

#include "base/err.h"

/* A path as it may be printed: names in a folder of evidence come from strangers. */
struct file_shown {
    char text[160];
};

struct file_shown file_shown(const char *path);

/* "PATH: what", with errno; GB_ERR_NOTFOUND when there is no such path, else GB_ERR_IO. */
int file_failed(struct gb_err *err, int sys, const char *path, const char *what);

/* For gb_cleanup; -1 is no descriptor. */
void file_closep(const int *fd);

#endif
