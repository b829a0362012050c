#include "cli/predict_out.h"

#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference_out.h"
#include "policy/refval.h"

static int read_class(const struct cmd_line *line, enum ref_class *ret_cls)
{
    const char *given = cmd_value(line, "class");
    *ret_cls = REF_PACKAGES;
    if (!given || strcmp(given, ref_class_name(REF_PACKAGES)) == 0)
        return CMD_OK;
    if (strcmp(given, ref_class_name(REF_ENGINE)) != 0)
        return output_usage(line, "--class is packages or engine, not \"%s\"", given);
    *ret_cls = REF_ENGINE;
    return CMD_OK;
}

int predict_out_read(struct gb_arena *arena, const struct cmd_line *line, const char *path,
                     struct predict_out *ret_out)
{
    struct predict_out out = {0};
    int code = read_class(line, &out.cls);
    if (code == CMD_OK)
        code = reference_out_life(line, &out.life);
    if (code == CMD_OK)
        code = reference_out_name(arena, line, "predicted", path, &out.name);
    if (code == CMD_OK)
        *ret_out = out;
    return code;
}

int predict_out_write(struct gb_arena *arena, const struct cmd_line *line,
                      const struct predict_out *out, struct ref_set *set, struct gb_err *err)
{
    static const char comment[] =
        "# Predicted by garboard from files alone, before anything was installed.\n"
        "# Local and unsigned: whoever can write this file decides what is trusted.\n";
    set->cls = out->cls;
    set->life = out->life;
    const struct reference_out file = {
        .name = out->name, .comment = comment, .sets = {set}, .count = 1};
    int r = reference_out_write(arena, line, &file, err);
    if (r == 0)
        fprintf(stderr, "garboard: %zu files in set %s, class %s\n", set->files.count, set->name,
                ref_class_name(set->cls));
    return r;
}
