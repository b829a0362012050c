#include "cli/reference/predict_out.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference/packages.h"
#include "cli/reference/reference_out.h"
#include "policy/sets/refval.h"
#include "reference/packages/package.h"

enum { MOST_PACKAGE = 200 };

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

static const char *source_of(struct gb_arena *arena, const char *what)
{
    return what ? gb_arena_printf(arena, "predicted from %s", what) : NULL;
}

/* "hello 2.10-3 amd64"; printable. */
static const char *package_text(struct gb_arena *arena, const struct package *package)
{
    const char *text = gb_arena_printf(arena, "%.*s %.*s %.*s", (int)package->name.len,
                                       (const char *)package->name.data, (int)package->version.len,
                                       (const char *)package->version.data, (int)package->arch.len,
                                       (const char *)package->arch.data);
    return text ? gb_text_escape(arena, gb_bytes_str(text), MOST_PACKAGE) : NULL;
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
    if (code != CMD_OK)
        return code;
    out.source = source_of(arena, reference_out_file(arena, path));
    if (!out.source)
        return output_usage(line, "out of memory");
    *ret_out = out;
    return CMD_OK;
}

int predict_out_packages(struct gb_arena *arena, const struct cmd_line *line,
                         const struct package_job *jobs, size_t count, struct predict_out *out,
                         struct gb_err *err)
{
    const struct package *first = NULL;
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].package.skipped)
            continue;
        others += first != NULL;
        first = first ? first : &jobs[i].package;
    }
    if (!first)
        return GB_OK;
    const char *what = package_text(arena, first);
    const char *more = others > 0 ? gb_arena_printf(arena, " and %zu more package%s", others,
                                                    others == 1 ? "" : "s")
                                  : "";
    out->source =
        what && more ? source_of(arena, gb_arena_printf(arena, "%s%s", what, more)) : NULL;
    if (!out->source)
        return gb_err_nomem(err);
    /* Of several, the command line knows better what they are together. */
    if (others == 0 && reference_out_name(arena, line, "predicted", what, &out->name) != CMD_OK)
        return gb_err_nomem(err);
    return GB_OK;
}

int predict_out_write(struct gb_arena *arena, const struct cmd_line *line,
                      const struct predict_out *out, struct ref_set *set, struct gb_err *err)
{
    static const char comment[] =
        "# Predicted by garboard from files alone, before anything was installed.\n"
        "# Local and unsigned: whoever can write this file decides what is trusted.\n";
    set->cls = out->cls;
    set->life = out->life;
    set->name = out->name;
    set->source = out->source;
    const struct reference_out file = {
        .name = out->name, .comment = comment, .sets = {set}, .count = 1};
    int r = reference_out_write(arena, line, &file, err);
    if (r == 0)
        fprintf(stderr, "garboard: %zu files in set %s, class %s\n", set->files.count, set->name,
                ref_class_name(set->cls));
    return r;
}
