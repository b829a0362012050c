#include "cli/evidence/facts_arg.h"

#include "base/err.h"
#include "base/labels.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "verify/facts.h"

int facts_arg_read(struct gb_arena *arena, const struct cmd_line *line,
                   struct node_facts *ret_facts)
{
    struct node_facts facts = {.name = cmd_value(line, "node-name")};
    struct gb_err err;
    const char *label;
    for (size_t at = 0; (label = cmd_next(line, "label", &at));) {
        int r = gb_labels_change(arena, &facts.labels, gb_bytes_str(label), &facts.labels, &err);
        if (r < 0)
            return output_usage(line, "--label: %s", err.text);
    }
    *ret_facts = facts;
    return CMD_OK;
}
