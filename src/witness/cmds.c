#include "witness/cmds.h"

#include <stdio.h>
#include <string.h>

int cmds_fail(const struct gb_err *err)
{
    fprintf(stderr, "garboard-witness: %s%s%s\n", err->text, err->sys ? ": " : "",
            err->sys ? strerrordesc_np(err->sys) : "");
    switch (err->code) {
    case GB_ERR_CONFIG:
    case GB_ERR_NOTFOUND:
        return CMDS_USAGE;
    case GB_ERR_INPUT:
    case GB_ERR_LIMIT:
        return CMDS_MALFORMED;
    case GB_OK:
    case GB_ERR_IO:
    case GB_ERR_NOMEM:
    case GB_ERR_BUG:
    case GB_ERR_DENIED:
    case GB_ERR_AGAIN:
        break;
    }
    return CMDS_SYSTEM;
}

int cmds_usage(const char *usage)
{
    fprintf(stderr, "usage: garboard-witness %s\n", usage);
    return CMDS_USAGE;
}

bool cmds_help(int argc, char **argv, const char *usage)
{
    bool asked = false;
    for (int i = 1; i < argc && !asked; i++)
        asked = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    if (asked)
        printf("usage: garboard-witness %s\n", usage);
    return asked;
}

int cmds_print(struct gb_buf *text)
{
    bool good = gb_buf_ok(text) && fwrite(text->data, 1, text->len, stdout) == text->len &&
                fflush(stdout) == 0;
    gb_buf_done(text);
    return good ? CMDS_OK : CMDS_SYSTEM;
}
