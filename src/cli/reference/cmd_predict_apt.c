#include <unistd.h>

#include "cli/cmd.h"
#include "cli/reference/apt_repo.h"
#include "cli/reference/dpkg_status.h"
#include "cli/reference/packages.h"
#include "cli/reference/predict_out.h"
#include "policy/sets/refval.h"
#include "reference/packages/deb.h"

static const struct cmd_option options[] = {
    {"suite", "SUITE", "the folder below dists/ (default: the only one)", false, 0},
    {"arch", "ARCH", "the architecture (default: the only one)", false, 0},
    {"keyring", "FILE", "check the signature of the repository by these keys (gpgv)", false, 0},
    {"dpkg-status", "FILE", "only what is installed by this /var/lib/dpkg/status", false, 0},
    {"skip-missing", NULL, "leave out what is installed and not there; each is printed", false, 0},
    PREDICT_OUT_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

static int read_all(const struct cmd_line *line, struct gb_arena *arena, struct predict_out *out,
                    struct ref_set **ret_set, struct gb_err *err)
{
    gb_cleanup(packages_freep) struct packages *packages = NULL;
    struct apt_wish wish = {.dir = line->args[0],
                            .suite = cmd_value(line, "suite"),
                            .arch = cmd_value(line, "arch"),
                            .keyring = cmd_value(line, "keyring")};
    struct dpkg_status *status = NULL;
    struct package_job *jobs = NULL;
    size_t count = 0;
    const char *file = cmd_value(line, "dpkg-status");
    int r = file ? dpkg_status_load(arena, file, &status, err) : GB_OK;
    wish.only = status ? &status->list : NULL;
    if (r == 0)
        r = apt_repo_jobs(arena, &wish, &jobs, &count, err);
    if (r == 0 && status) /* before anything is hashed */
        r = dpkg_status_missing(status, jobs, count, cmd_has(line, "skip-missing"), err);
    if (r == 0)
        r = packages_read(deb_read, jobs, count, status ? dpkg_status_want : NULL, status,
                          isatty(STDERR_FILENO), &packages, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (jobs[i].package.skipped)
            r = gb_err_set(err, GB_ERR_INPUT, "%s: another package than Packages says",
                           jobs[i].path);
    if (r == 0)
        r = predict_out_packages(arena, line, jobs, count, out, err);
    return r < 0 ? r : packages_set(arena, jobs, count, out->name, ret_set, err);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct predict_out out;
    struct ref_set *set = NULL;
    int code = predict_out_read(arena, line, line->args[0], &out);
    if (code != CMD_OK)
        return code;
    int r = read_all(line, arena, &out, &set, err);
    if (r == 0)
        r = predict_out_write(arena, line, &out, set, err);
    return r < 0 ? r : CMD_OK;
}

const struct cmd cmd_predict_apt = {
    .name = "reference predict apt",
    .args = "DIR",
    .min_args = 1,
    .max_args = 1,
    .summary = "the files of a Debian repository's packages, or of those installed",
    .examples = "  garboard reference predict apt /srv/mirror/debian --suite bookworm --keyring "
                "/usr/share/keyrings/debian-archive-keyring.gpg --dpkg-status status -o set.yaml\n",
    .options = options,
    .run = run,
};
