#include "swtpm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test.h"

static void run(const char *command)
{
    int status = system(command);
    if (status != 0)
        fail_msg("%s: status %d", command, status);
}

bool swtpm_there(void)
{
    return system("command -v swtpm swtpm_setup tpm2_createek >/dev/null 2>&1") == 0;
}

static void exec_swtpm(const struct swtpm *swtpm)
{
    char state[96];
    char server[96];
    char ctrl[96];
    snprintf(state, sizeof state, "dir=%s/tpm/state", swtpm->folder);
    snprintf(server, sizeof server, "type=unixio,path=%s/s", swtpm->folder);
    snprintf(ctrl, sizeof ctrl, "type=unixio,path=%s/s.ctrl", swtpm->folder);
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(126);
    execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl",
           ctrl, "--flags", "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

/* The file is there before anybody listens behind it. */
static bool answers(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

static void start(struct swtpm *swtpm)
{
    char path[96];
    snprintf(path, sizeof path, "%s/s", swtpm->folder);
    (void)unlink(path);
    pid_t parent = getpid();
    swtpm->pid = fork();
    if (swtpm->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            exec_swtpm(swtpm);
        _exit(127);
    }
    assert_true(swtpm->pid > 0);
    for (int i = 0; !answers(path); i++) {
        assert_true(i < 1000);
        usleep(10000);
    }
}

static void stop(struct swtpm *swtpm)
{
    if (swtpm->pid > 0) {
        kill(swtpm->pid, SIGKILL);
        waitpid(swtpm->pid, NULL, 0);
    }
    swtpm->pid = 0;
}

static void make_folder(struct swtpm *swtpm)
{
    *swtpm = (struct swtpm){.folder = "/tmp/garboard-tpm-XXXXXX"};
    assert_non_null(mkdtemp(swtpm->folder));
    snprintf(swtpm->tcti, sizeof swtpm->tcti, "swtpm:path=%s/s", swtpm->folder);
}

void swtpm_copy(struct swtpm *swtpm, const char *made)
{
    char command[512];
    make_folder(swtpm);
    snprintf(command, sizeof command, "cp -r '%s' %s/tpm", made, swtpm->folder);
    run(command);
    start(swtpm);
}

void swtpm_make(struct swtpm *swtpm)
{
    char command[512];
    make_folder(swtpm);
    const char *source = getenv("GARBOARD_SOURCE");
    snprintf(command, sizeof command, "'%s/lab/tpm' %s/tpm >%s/log 2>&1 || { cat %s/log; false; }",
             source ? source : ".", swtpm->folder, swtpm->folder, swtpm->folder);
    run(command);
    start(swtpm);
}

void swtpm_restart(struct swtpm *swtpm)
{
    stop(swtpm);
    start(swtpm);
}

void swtpm_done(struct swtpm *swtpm)
{
    char command[128];
    stop(swtpm);
    snprintf(command, sizeof command, "rm -rf '%s'", swtpm->folder);
    run(command);
}

void swtpm_tool(const struct swtpm *swtpm, const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "TPM2TOOLS_TCTI=%s %s >%s/log 2>&1 || { cat %s/log; false; }",
             swtpm->tcti, command, swtpm->folder, swtpm->folder);
    run(line);
}
