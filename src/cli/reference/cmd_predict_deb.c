#include <unistd.h>

#include "cli/cmd.h"
#include "cli/reference/dpkg_status.h"
#include "cli/reference/packages.h"
#include "cli/reference/predict_out.h"
#include "policy/sets/refval.h"
#include "reference/packages/deb.h"

static const struct cmd_option options[] = {
    {"dpkg-status", "FILE", "only what is installed by this /var/lib/dpkg/status", false, 0},
    {"skip-missing", NULL, "leave out what is installed and not given; each is printed", false, 0},
    PREDICT_OUT_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

static int read_all(const struct cmd_line *line, struct gb_arena *arena, struct package_job *jobs,
                    size_t count, struct predict_out *out, struct ref_set **ret_set,
                    struct gb_err *err)
{
    gb_cleanup(packages_freep) struct packages *packages = NULL;
    struct dpkg_status *status = NULL;
    const char *file = cmd_value(line, "dpkg-status");
    int r = file ? dpkg_status_load(arena, file, &status, err) : GB_OK;
    if (r == 0)
        r = packages_read(deb_read, jobs, count, status ? dpkg_status_want : NULL, status,
                          isatty(STDERR_FILENO), &packages, err);
    if (r == 0 && status)
        r = dpkg_status_missing(status, jobs, count, cmd_has(line, "skip-missing"), err);
    if (r == 0)
        r = predict_out_packages(arena, line, jobs, count, out, err);
    return r < 0 ? r : packages_set(arena, jobs, count, out->name, ret_set, err);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct package_job *jobs = NULL;
    size_t count = 0;
    struct predict_out out;
    struct ref_set *set = NULL;
    int code = predict_out_read(arena, line, line->args[0], &out);
    if (code != CMD_OK)
        return code;
    int r = packages_find(arena, line->args, line->arg_count, ".deb", &jobs, &count, err);
    if (r == 0)
        r = read_all(line, arena, jobs, count, &out, &set, err);
    if (r == 0)
        r = predict_out_write(arena, line, &out, set, err);
    return r < 0 ? r : CMD_OK;
}

const struct cmd cmd_predict_deb = {
    .name = "reference predict deb",
    .args = "FILE",
    .min_args = 1,
    .max_args = CMD_MAX_ARGS,
    .summary = "the files of Debian packages (.deb), before they are installed",
    .examples = "  garboard reference predict deb containerd_1.6.20_amd64.deb --class engine\n"
                "  garboard reference predict deb /var/cache/apt/archives --dpkg-status status "
                "--name node-packages -o set.yaml\n",
    .options = options,
    .run = run,
};
