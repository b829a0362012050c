#include <stdio.h>
#include <time.h>

#include "attest/attest.h"
#include "cli/cmd.h"
#include "cli/evidence/attest_dir.h"
#include "cli/output.h"
#include "cli/reference/reference_out.h"
#include "policy/sets/refval.h"
#include "reference/capture.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/verify.h"

static const struct cmd_option options[] = {
    {"output", "FILE", "where to write (default: -, standard output)", false, 'o'},
    {"class", "CLASS", "only this class of sets: platform, os or packages", true, 0},
    REFERENCE_OUT_LIFE,
    REFERENCE_OUT_SETS_ONLY,
    {"name", "NAME", "what names of sets begin with (default: captured-DIR)", false, 0},
    {NULL, NULL, NULL, false, 0},
};

static const enum ref_class classes[] = {REF_PLATFORM, REF_OS, REF_PACKAGES};
enum { CLASSES = 3 };

/* CMD_OK or CMD_USAGE; without --class all are wanted. */
static int read_classes(const struct cmd_line *line, bool wanted[CLASSES])
{
    size_t at = 0;
    bool any = cmd_has(line, "class");
    for (size_t i = 0; i < CLASSES; i++)
        wanted[i] = !any;
    for (const char *name; (name = cmd_next(line, "class", &at));) {
        size_t i = 0;
        while (i < CLASSES && !gb_bytes_is(gb_bytes_str(name), ref_class_name(classes[i])))
            i++;
        if (i == CLASSES)
            return output_usage(line, "--class is platform, os or packages, not \"%s\"", name);
        wanted[i] = true;
    }
    return CMD_OK;
}

/* Nobody vouches for a boot whose own evidence does not hold. */
static int refuse(const struct cmd_line *line, struct gb_arena *arena,
                  const struct verdict *verdict)
{
    fprintf(stderr, "garboard %s: %s: this evidence proves nothing that could be a reference\n",
            line->cmd->name, line->args[0]);
    int code = line->json ? output_json(verdict_json(arena, verdict))
                          : output_verdict(line, arena, verdict);
    return code == CMD_OK ? CMD_CONTRAINDICATED : code;
}

static int capture_all(struct gb_arena *arena, const struct claims *claims,
                       const bool wanted[CLASSES], struct reference_out *out, struct gb_err *err)
{
    for (size_t i = 0; i < CLASSES; i++) {
        struct ref_set *set = NULL;
        if (!wanted[i])
            continue;
        const char *name = gb_arena_printf(arena, "%s-%s", out->name, ref_class_name(classes[i]));
        if (!name)
            return gb_err_nomem(err);
        int r = capture(arena, claims, classes[i], name, &set, err);
        if (r < 0)
            return r;
        set->life = out->life;
        out->sets[out->count++] = set;
    }
    return GB_OK;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    static const char comment[] =
        "# Captured by garboard from the evidence of one boot that somebody vouches for.\n"
        "# Local and unsigned: whoever can write this file decides what is trusted.\n";
    bool wanted[CLASSES];
    struct reference_out out = {.comment = comment};
    struct trust trust = {0};
    struct asked asked = {.time_s = time(NULL)};
    struct claims claims;
    struct verdict verdict;
    int code = read_classes(line, wanted);
    if (code == CMD_OK)
        code = reference_out_life(line, &out.life);
    if (code == CMD_OK)
        code = reference_out_name(arena, line, "captured", line->args[0], &out.name);
    if (code != CMD_OK)
        return code;
    int r = attest_dir(arena, &trust, &asked, line->args[0], &claims, &verdict, err);
    if (r < 0)
        return r;
    if (verdict.tier != GB_TIER_AFFIRMING && verdict.tier != GB_TIER_WARNING)
        return refuse(line, arena, &verdict);
    r = capture_all(arena, &claims, wanted, &out, err);
    out.with_policy = out.count == CLASSES;
    if (r == 0)
        r = reference_out_write(arena, line, &out, err);
    return r < 0 ? r : CMD_OK;
}

const struct cmd cmd_reference_capture = {
    .name = "reference capture",
    .args = "DIR",
    .min_args = 1,
    .max_args = 1,
    .summary = "write reference sets and a policy from the evidence of a boot you vouch for",
    .examples = "  garboard reference capture evidence/ -o known-good.yaml\n"
                "  garboard reference capture evidence/ --class platform -o platform.yaml\n",
    .options = options,
    .run = run,
};
