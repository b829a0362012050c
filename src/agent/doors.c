#include "agent/doors.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config.h"
#include "base/log.h"
#include "os/sandbox.h"

static void keep(struct sandbox_folders *folders, const char *path, unsigned may)
{
    if (access(path, F_OK) == 0) /* what is not there need not stay open */
        sandbox_folders_add(folders, path, may);
}

static void keep_parent(struct sandbox_folders *folders, const char *file, unsigned may)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    char folder[1024];
    if (!slash || slash == file || (size_t)(slash - file) >= sizeof folder)
        return;
    memcpy(folder, file, (size_t)(slash - file));
    folder[slash - file] = '\0';
    keep(folders, folder, may);
}

/* Where the TPM is: a device, or the socket of one in software. */
static void keep_tpm(struct sandbox_folders *folders, const char *tcti)
{
    const char *path = strchr(tcti, '/');
    keep_parent(folders, path, SANDBOX_READ | SANDBOX_WRITE);
}

/* Libraries are loaded late (the TCTI, name services), and these look into /etc, /proc and /run. */
static const char *const of_the_system[] = {"/usr",  "/lib", "/lib64", "/etc",
                                            "/proc", "/sys", "/run"};

static void keep_all(struct sandbox_folders *folders, const struct config *config)
{
    const char *const read[] = {config->eventlog,
                                config->ima,
                                config->systemd_log,
                                config->cmdline,
                                config->token_file,
                                config->ca_file,
                                config->endorsement_auth_file,
                                config->owner_auth_file};
    for (size_t i = 0; i < GB_ARRAY_LEN(of_the_system); i++)
        keep(folders, of_the_system[i], SANDBOX_READ);
    for (size_t i = 0; i < GB_ARRAY_LEN(read); i++)
        keep_parent(folders, read[i], SANDBOX_READ);
    keep_parent(folders, config->result_file, SANDBOX_READ | SANDBOX_WRITE);
    keep_parent(folders, config->svid_file, SANDBOX_READ | SANDBOX_WRITE);
    keep(folders, config->state, SANDBOX_READ | SANDBOX_WRITE);
    keep_tpm(folders, config->tcti);
}

int doors_close(const struct config *config, struct gb_err *err)
{
    gb_cleanup(sandbox_folders_done) struct sandbox_folders folders = {0};
    if (mkdir(config->state, 0700) != 0 && errno != EEXIST) {
        struct gb_err why;
        (void)gb_err_sys(&why, errno, "%s", config->state);
        gb_log_err(GB_LOG_WARNING, "no-state-folder", &why);
    }
    if (!config->sandbox) {
        gb_log_event(GB_LOG_WARNING, "no-sandbox");
        return GB_OK;
    }
    keep_all(&folders, config);
    return sandbox_enter(SANDBOX_AGENT, &folders, err);
}
