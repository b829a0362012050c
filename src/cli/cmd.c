#include "cli/cmd.h"

#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/output.h"

int cmd_run(const struct cmd_line *line)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_err err = {.offset = GB_NO_OFFSET};
    int r = arena ? line->cmd->run(line, arena, &err) : gb_err_nomem(&err);
    return r < 0 ? output_error(&err) : r;
}

const char *cmd_next(const struct cmd_line *line, const char *name, size_t *at)
{
    for (; *at < line->value_count; *at += 1) {
        if (strcmp(line->values[*at].option->name, name) != 0)
            continue;
        *at += 1;
        return line->values[*at - 1].value;
    }
    return NULL;
}

const char *cmd_value(const struct cmd_line *line, const char *name)
{
    const char *value = NULL;
    size_t at = 0;
    for (const char *v = cmd_next(line, name, &at); v; v = cmd_next(line, name, &at))
        value = v;
    return value;
}

bool cmd_has(const struct cmd_line *line, const char *name)
{
    for (size_t i = 0; i < line->value_count; i++)
        if (strcmp(line->values[i].option->name, name) == 0)
            return true;
    return false;
}
