/* garboard schema: what editors need to know of our documents. */
#include <stdio.h>

#include "cli/cmd.h"
#include "cli/documents/schema.h"
#include "cli/output.h"

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    (void)line, (void)arena, (void)err;
    for (const char *const *text = schema_lines; *text; text++)
        puts(*text);
    return output_flush();
}

static const struct cmd_option options[] = {
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_schema = {
    .name = "schema",
    .args = "",
    .summary = "print the JSON Schema of policies and reference sets, for editors",
    .examples = "  garboard schema > garboard.schema.json\n",
    .options = options,
    .run = run,
};
