#include "os/file_path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

struct file_shown file_shown(const char *path)
{
    struct file_shown shown = {0};
    struct gb_bytes in = gb_bytes_str(strcmp(path, "-") == 0 ? "standard input" : path);
    size_t at = 0;
    for (size_t i = 0, n; i < in.len && at + 4 < sizeof shown.text; i += n) {
        uint32_t code = 0;
        n = gb_utf8_at(in, i, &code);
        if (n > 0 && gb_utf8_printable(code)) {
            memcpy(shown.text + at, in.data + i, n);
            at += n;
        } else {
            shown.text[at++] = '?';
            n = 1;
        }
    }
    return shown;
}

int file_failed(struct gb_err *err, int sys, const char *path, const char *what)
{
    struct file_shown shown = file_shown(path);
    if (sys == ENOENT || sys == ENOTDIR)
        return gb_err_set(err, GB_ERR_NOTFOUND, "%s: no such file or folder", shown.text);
    return gb_err_sys(err, sys, "%s: %s", shown.text, what);
}

void file_closep(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
