#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct gb_err *err, enum gb_err_code code, int sys, size_t offset, const char *fmt,
                 va_list args) GB_PRINTF(5, 0);

static void fill(struct gb_err *err, enum gb_err_code code, int sys, size_t offset, const char *fmt,
                 va_list args)
{
    if (!err)
        return;
    err->code = code;
    err->sys = sys;
    err->offset = offset;
    vsnprintf(err->text, sizeof err->text, fmt, args);
}

int gb_err_set(struct gb_err *err, enum gb_err_code code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(err, code, 0, GB_NO_OFFSET, fmt, args);
    va_end(args);
    return code;
}

int gb_err_at(struct gb_err *err, enum gb_err_code code, size_t offset, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(err, code, 0, offset, fmt, args);
    va_end(args);
    return code;
}

int gb_err_sys(struct gb_err *err, int sys, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(err, GB_ERR_IO, sys, GB_NO_OFFSET, fmt, args);
    va_end(args);
    return GB_ERR_IO;
}

int gb_err_nomem(struct gb_err *err)
{
    return gb_err_set(err, GB_ERR_NOMEM, "out of memory");
}

void gb_err_prefix(struct gb_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    char old[GB_LIMIT_ERR_TEXT];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, fmt);
    int used = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    size_t at = used < 0 ? 0 : (size_t)used;
    if (at < sizeof err->text)
        snprintf(err->text + at, sizeof err->text - at, "%s", old);
}

void gb_err_shift(struct gb_err *err, size_t base)
{
    if (err && err->offset != GB_NO_OFFSET)
        err->offset += base;
}
