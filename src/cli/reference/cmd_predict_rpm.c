#include <stdio.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/reference/packages.h"
#include "cli/reference/predict_out.h"
#include "policy/sets/refval.h"
#include "reference/packages/rpm.h"

static const struct cmd_option options[] = {
    PREDICT_OUT_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

/* What people should know of packages that were read. */
static void tell(const struct package_job *jobs, size_t count)
{
    size_t signatures = 0;
    for (size_t i = 0; i < count; i++) {
        signatures += jobs[i].package.ima_signatures;
        if (jobs[i].package.unchecked)
            fprintf(stderr, "garboard: %s: %s; the payload's are in the set\n", jobs[i].path,
                    jobs[i].package.unchecked);
    }
    if (signatures > 0)
        fprintf(stderr,
                "garboard: %zu files bring an IMA signature; a policy's ima.signers can accept "
                "their signer instead of each digest\n",
                signatures);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(packages_freep) struct packages *packages = NULL;
    struct package_job *jobs = NULL;
    size_t count = 0;
    struct predict_out out;
    struct ref_set *set = NULL;
    int code = predict_out_read(arena, line, line->args[0], &out);
    if (code != CMD_OK)
        return code;
    int r = packages_find(arena, line->args, line->arg_count, ".rpm", &jobs, &count, err);
    if (r == 0)
        r = packages_read(rpm_read, jobs, count, NULL, NULL, isatty(STDERR_FILENO), &packages, err);
    if (r == 0)
        r = predict_out_packages(arena, line, jobs, count, &out, err);
    if (r == 0)
        r = packages_set(arena, jobs, count, out.name, &set, err);
    if (r == 0)
        r = predict_out_write(arena, line, &out, set, err);
    if (r < 0)
        return r;
    tell(jobs, count);
    return CMD_OK;
}

const struct cmd cmd_predict_rpm = {
    .name = "reference predict rpm",
    .args = "FILE",
    .min_args = 1,
    .max_args = CMD_MAX_ARGS,
    .summary = "the files of RPM packages, before they are installed",
    .examples = "  garboard reference predict rpm containerd.io-1.6.20-3.1.el9.x86_64.rpm --class "
                "engine -o engine.yaml\n",
    .options = options,
    .run = run,
};
