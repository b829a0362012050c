#include "tpm/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <tss2/tss2_common.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>
#include <unistd.h>

/* The TPM's own code, without the layer that passed it on and without the number of the parameter,
 * session or handle; 0 for codes of the library. */
static TPM2_RC plain(TSS2_RC rc)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
    TPM2_RC code = rc & ~TSS2_RC_LAYER_MASK;
    if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
        return 0;
    if (code & TPM2_RC_FMT1)
        return code & (TPM2_RC_FMT1 | 0x3f); /* Part 2, 6.6.2 */
    return code;
}

static const struct {
    TPM2_RC rc;
    enum gb_err_code code;
    const char *text;
} known[] = {
    {TPM2_RC_LOCKOUT, GB_ERR_AGAIN,
     "the TPM is in lockout after wrong passwords: wait, or reset it with tpm2_dictionarylockout "
     "-c"},
    {TPM2_RC_OBJECT_MEMORY, GB_ERR_AGAIN,
     "the TPM has no room for another key: use /dev/tpmrm0, or flush with tpm2_flushcontext -t"},
    {TPM2_RC_OBJECT_HANDLES, GB_ERR_AGAIN, "the TPM is out of handles: reboot the machine"},
    {TPM2_RC_SESSION_MEMORY, GB_ERR_AGAIN,
     "the TPM has no room for a session: use /dev/tpmrm0, or flush with tpm2_flushcontext -l"},
    {TPM2_RC_SESSION_HANDLES, GB_ERR_AGAIN,
     "the TPM has no room for a session: use /dev/tpmrm0, or flush with tpm2_flushcontext -l"},
    {TPM2_RC_NV_SPACE, GB_ERR_CONFIG,
     "the TPM has no room for another persistent key: list them with tpm2_getcap "
     "handles-persistent, remove one with tpm2_evictcontrol"},
    {TPM2_RC_INITIALIZE, GB_ERR_IO, "the TPM was not started (TPM2_Startup)"},
    {TPM2_RC_HIERARCHY, GB_ERR_CONFIG,
     "the hierarchy is disabled: enable the endorsement and owner hierarchies in firmware set-up"},
    {TPM2_RC_BAD_AUTH, GB_ERR_CONFIG, "the password is wrong"},
    {TPM2_RC_AUTH_FAIL, GB_ERR_CONFIG, "the password is wrong"},
};

int tpm_failed(struct gb_err *err, TSS2_RC rc, const char *what)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (plain(rc) == known[i].rc)
            return gb_err_set(err, known[i].code, "TPM: %s: %s", what, known[i].text);
    if ((rc & 0xffff) == TSS2_BASE_RC_MEMORY && plain(rc) == 0)
        return gb_err_nomem(err);
    return gb_err_set(err, GB_ERR_IO, "TPM: %s: %s", what, Tss2_RC_Decode(rc));
}

int tpm_failed_auth(struct gb_err *err, TSS2_RC rc, const char *what, const char *hierarchy)
{
    TPM2_RC code = plain(rc);
    if (code != TPM2_RC_BAD_AUTH && code != TPM2_RC_AUTH_FAIL)
        return tpm_failed(err, rc, what);
    return gb_err_set(
        err, GB_ERR_CONFIG,
        "TPM: %s: the %s hierarchy has a password, and it is not the one given: put it "
        "into the file that %s_auth_file names",
        what, hierarchy, hierarchy);
}

static int no_permission(struct gb_err *err, const char *path)
{
    struct stat st;
    struct group *group = stat(path, &st) == 0 ? getgrgid(st.st_gid) : NULL;
    if (!group || !(st.st_mode & S_IRGRP) || !(st.st_mode & S_IWGRP))
        return gb_err_set(err, GB_ERR_DENIED, "TPM: %s: no permission: only root may use it", path);
    return gb_err_set(err, GB_ERR_DENIED,
                      "TPM: %s: no permission: the user must be in group %s (usermod -aG %s USER)",
                      path, group->gr_name, group->gr_name);
}

static int device_failed(struct gb_err *err, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int sys = errno;
    if (fd >= 0) {
        close(fd);
        return GB_OK;
    }
    switch (sys) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return gb_err_set(
            err, GB_ERR_NOTFOUND,
            "TPM: %s: no such device: is a TPM 2.0 there, enabled in firmware set-up, and "
            "its driver (tpm_tis, tpm_crb) loaded?",
            path);
    case EACCES:
    case EPERM:
        return no_permission(err, path);
    case EBUSY:
        return gb_err_set(
            err, GB_ERR_AGAIN,
            "TPM: %s: another program holds it: use device:/dev/tpmrm0, which is shared", path);
    default:
        return gb_err_sys(err, sys, "TPM: %s", path);
    }
}

int tpm_failed_open(struct gb_err *err, TSS2_RC rc, const char *tcti)
{
    static const char device[] = "device:";
    if (strncmp(tcti, device, sizeof device - 1) == 0) {
        int r = device_failed(err, tcti + sizeof device - 1);
        if (r < 0)
            return r;
    }
    return gb_err_set(err, GB_ERR_IO, "TPM: cannot reach \"%s\": %s", tcti, Tss2_RC_Decode(rc));
}
