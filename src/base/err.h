/*
 * An error means that we could not decide; a finding (finding.h) means that we did. The caller owns
 * the struct, on its stack; nothing here allocates. Functions return 0 or one of the negative codes
 * and fill `err` (which may be NULL).
 */
#ifndef GB_BASE_ERR_H
#define GB_BASE_ERR_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

/* Named after what the caller should do. */
enum gb_err_code {
    GB_OK = 0,
    GB_ERR_INPUT = -1,    /* malformed bytes: reject them */
    GB_ERR_LIMIT = -2,    /* more than a ceiling of limits.h allows: reject */
    GB_ERR_CONFIG = -3,   /* the operator's own file or option is wrong */
    GB_ERR_NOTFOUND = -4, /* no such file or item */
    GB_ERR_IO = -5,       /* the system failed; errno is in `sys` */
    GB_ERR_NOMEM = -6,
    GB_ERR_BUG = -7,    /* our own mistake, or a library's */
    GB_ERR_DENIED = -8, /* understood, and refused: the asker may not */
    GB_ERR_AGAIN = -9,  /* not now, or not so: the text says how it would go */
};

#define GB_NO_OFFSET SIZE_MAX

struct gb_err {
    enum gb_err_code code;
    int sys;       /* errno, or 0 */
    size_t offset; /* byte offset in the input, or GB_NO_OFFSET */
    char text[GB_LIMIT_ERR_TEXT];
};

/* Fills `err` (NULL is fine) and returns `code`, so that `return gb_err_set(...)` reads well.
 * Untrusted bytes must not be passed as text: use gb_text_escape. Any thread. */
int gb_err_set(struct gb_err *err, enum gb_err_code code, const char *fmt, ...) GB_PRINTF(3, 4);

/* The same, with the byte offset where the input went wrong. */
int gb_err_at(struct gb_err *err, enum gb_err_code code, size_t offset, const char *fmt, ...)
    GB_PRINTF(4, 5);

/* The same for a failed system call: takes errno. */
int gb_err_sys(struct gb_err *err, int sys, const char *fmt, ...) GB_PRINTF(3, 4);

int gb_err_nomem(struct gb_err *err);

/* Puts "event 41: " before the text of an error that is passed upward; cuts the tail when it grows
 * too long. The code is the caller's to return: `err` may be NULL. */
void gb_err_prefix(struct gb_err *err, const char *fmt, ...) GB_PRINTF(2, 3);

/* Moves the offset when an error came from a window that starts `base` bytes into the input. */
void gb_err_shift(struct gb_err *err, size_t base);

#endif
