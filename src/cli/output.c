#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cmd.h"
#include "wire/json.h"

static int exit_code_of(enum gb_err_code code)
{
    switch (code) {
    case GB_ERR_INPUT:
    case GB_ERR_LIMIT:
        return CMD_MALFORMED;
    case GB_ERR_CONFIG:
    case GB_ERR_NOTFOUND:
        return CMD_USAGE;
    case GB_ERR_DENIED:
    case GB_ERR_AGAIN:
        return CMD_REFUSED;
    case GB_OK:
    case GB_ERR_IO:
    case GB_ERR_NOMEM:
    case GB_ERR_BUG:
        break;
    }
    return CMD_SYSTEM;
}

int output_error(const struct gb_err *err)
{
    fprintf(stderr, "garboard: %s", err->text);
    if (err->offset != GB_NO_OFFSET)
        fprintf(stderr, " (at offset %zu)", err->offset);
    if (err->sys != 0)
        fprintf(stderr, ": %s", strerror(err->sys));
    fputc('\n', stderr);
    return exit_code_of(err->code);
}

int output_usage(const struct cmd_line *line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "garboard %s: ", line->cmd->name);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nTry 'garboard %s --help'.\n", line->cmd->name);
    va_end(args);
    return CMD_USAGE;
}

/* A verdict that did not reach its reader is no verdict: a full disk or closed pipe shows in the
 * exit code. */
int output_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CMD_OK;
    if (errno != EPIPE) /* who closed the pipe knows */
        fprintf(stderr, "garboard: standard output: %s\n", strerror(errno));
    return CMD_SYSTEM;
}

int output_json(struct json *value)
{
    char *text = NULL;
    struct gb_err err = {0};
    int r = json_print(value, &text, &err);
    json_free(value);
    if (r < 0)
        return output_error(&err);
    fputs(text, stdout);
    gb_free(text);
    return output_flush();
}
