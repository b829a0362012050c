#include "os/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/mem.h"
#include "os/sandbox_rules.h"

/* ---- folders ---- */

static void add(struct sandbox_folders *folders, const char *path, size_t len, unsigned may)
{
    char *copy = folders->count < SANDBOX_MAX_FOLDERS ? gb_calloc(1, len + 1) : NULL;
    if (!copy) {
        folders->failed = true;
        return;
    }
    memcpy(copy, path, len);
    folders->folders[folders->count++] = (struct sandbox_folder){.path = copy, .may = may};
}

void sandbox_folders_add(struct sandbox_folders *folders, const char *path, unsigned may)
{
    add(folders, path, strlen(path), may);
}

void sandbox_folders_add_parent(struct sandbox_folders *folders, const char *file, unsigned may)
{
    const char *slash = strrchr(file, '/');
    if (!slash)
        add(folders, ".", 1, may);
    else
        add(folders, file, slash == file ? 1 : (size_t)(slash - file), may);
}

void sandbox_folders_done(struct sandbox_folders *folders)
{
    for (size_t i = 0; i < folders->count; i++)
        gb_free(folders->folders[i].path);
    *folders = (struct sandbox_folders){0};
}

/* ---- memory ---- */

/* With a limit, locking what is yet to come would make later allocations fail: then only secrets
 * lock themselves (base/secret.h). */
static void lock_memory(void)
{
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY &&
        mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
        return;
    gb_log_event(GB_LOG_WARNING, "memory-not-locked",
                 GB_LOG_TEXT("remedy", "LimitMEMLOCK=infinity in the unit, or ulimit -l"));
}

int sandbox_guard_memory(struct gb_err *err)
{
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
        return gb_err_sys(err, errno, "cannot forbid core files");
    lock_memory();
    return GB_OK;
}

/* ---- system calls ---- */

static void filterp(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

static int add_call(scmp_filter_ctx filter, const struct sandbox_call *call)
{
    int number = seccomp_syscall_resolve_name(call->name);
    if (number == __NR_SCMP_ERROR)
        return 0; /* a kernel's or a machine's own: not known here, so not called */
    if (call->mask == 0)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, call->mask, call->first));
}

static int add_calls(scmp_filter_ctx filter, const struct sandbox_call *calls)
{
    for (const struct sandbox_call *call = calls; call->name; call++) {
        int r = add_call(filter, call);
        if (r < 0)
            return r;
    }
    return 0;
}

/* clone3's flags are in memory, where a filter cannot see them: glibc then takes clone. */
static int hide_clone3(scmp_filter_ctx filter)
{
    int number = seccomp_syscall_resolve_name("clone3");
    return number == __NR_SCMP_ERROR ? 0
                                     : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
}

/* Refused without killing: libraries try these and go on without. */
static int add_refused(scmp_filter_ctx filter, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        int r = number == __NR_SCMP_ERROR
                    ? 0
                    : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
        if (r < 0)
            return r;
    }
    return 0;
}

static int filter_calls(enum sandbox_profile profile, struct gb_err *err)
{
    const struct sandbox_rules *rules = sandbox_rules_of(profile);
    if (!rules)
        return gb_err_set(err, GB_ERR_BUG, "a sandbox without a profile");
    gb_cleanup(filterp) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return gb_err_nomem(err);
    int r = add_calls(filter, sandbox_common);
    if (r == 0)
        r = add_calls(filter, rules->calls);
    if (r == 0)
        r = add_refused(filter, sandbox_refused);
    if (r == 0 && rules->refused)
        r = add_refused(filter, rules->refused);
    if (r == 0)
        r = hide_clone3(filter);
    if (r == 0)
        r = seccomp_load(filter);
    return r < 0 ? gb_err_sys(err, -r, "cannot filter system calls") : GB_OK;
}

int sandbox_enter(enum sandbox_profile profile, const struct sandbox_folders *folders,
                  struct gb_err *err)
{
    if (folders->failed)
        return gb_err_nomem(err);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return gb_err_sys(err, errno, "cannot give up new privileges");
    int r = sandbox_landlock(folders, err);
    return r < 0 ? r : filter_calls(profile, err);
}
