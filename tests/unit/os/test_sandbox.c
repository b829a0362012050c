/* Each deed in a child of its own, behind closed doors. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../test.h"
#include "base/secret.h"
#include "crypto/rand.h"
#include "os/file.h"
#include "os/sandbox.h"

static char folder[32];
static char file[48];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gb-sandbox-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/f", folder);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

/* What becomes of a child that does it inside: its status. */
static int inside_with(int (*deed)(void), unsigned may)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox_folders folders = {0};
        sandbox_folders_add_parent(&folders, file, may);
        if (sandbox_guard_memory(NULL) < 0 || sandbox_enter(SANDBOX_KEYD, &folders, NULL) < 0)
            _exit(99);
        _exit(deed());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int inside(int (*deed)(void))
{
    return inside_with(deed, SANDBOX_READ | SANDBOX_REMOVE);
}

static void killed_by(int (*deed)(void))
{
    int status = inside(deed);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void fine_with(int (*deed)(void))
{
    int status = inside(deed);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int dial_out(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int dial_out6(void)
{
    return socket(AF_INET6, SOCK_DGRAM, 0) < 0;
}

static int ask_the_kernel(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0) < 0;
}

static int run_a_program(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int make_a_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return 0;
}

static int listen_on(void)
{
    return listen(0, 1);
}

static int trace_another(void)
{
    return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int make_a_folder(void)
{
    return mkdir("/tmp/gb-never", 0700);
}

static int open_a_file_to_all(void)
{
    return chmod(file, 0666);
}

static void no_network_no_programs_no_tracing(void **state)
{
    (void)state;
    killed_by(dial_out);
    killed_by(dial_out6);
    killed_by(ask_the_kernel);
    killed_by(run_a_program);
    killed_by(make_a_process);
    killed_by(listen_on);
    killed_by(trace_another);
    killed_by(make_a_folder);
    killed_by(open_a_file_to_all);
}

static int read_own_folder(void)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    return fd < 0 || close(fd);
}

/* Landlock refuses; a kernel without it would let it through: then the folder's modes must do. */
static int read_elsewhere(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return fd >= 0 || errno != EACCES;
}

static int write_own_folder(void)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    return fd >= 0 || errno != EACCES;
}

static bool landlock_there(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static void only_its_folders_are_open(void **state)
{
    (void)state;
    fine_with(read_own_folder);
    if (!landlock_there())
        skip();
    fine_with(read_elsewhere);
    fine_with(write_own_folder);
}

/* As keyd keeps what it signed last of the ledger. */
static int replace_own_file(void)
{
    static const struct file_as own = {.mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1};
    return file_replace(file, gb_bytes_str("new"), &own, NULL) != 0;
}

static int write_elsewhere(void)
{
    int fd = open("/tmp/gb-elsewhere", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 || errno != EACCES;
}

static int move_a_file_out(void)
{
    return rename(file, "/tmp/gb-elsewhere") == 0;
}

static void a_folder_of_state_is_written_and_no_other(void **state)
{
    (void)state;
    int status = inside_with(replace_own_file, SANDBOX_READ | SANDBOX_WRITE);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (!landlock_there())
        skip();
    status = inside_with(write_elsewhere, SANDBOX_READ | SANDBOX_WRITE);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    status = inside_with(move_a_file_out, SANDBOX_READ | SANDBOX_WRITE);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int move_a_file_within(void)
{
    char to[64];
    snprintf(to, sizeof to, "%s/sub/g", folder);
    return rename(file, to) != 0 || rename(to, file) != 0;
}

/* As garboardd's minute files and tiles go where they stay. */
static void files_move_within_a_folder_that_is_open_for_it(void **state)
{
    (void)state;
    char sub[64];
    snprintf(sub, sizeof sub, "%s/sub", folder);
    assert_int_equal(mkdir(sub, 0700), 0);
    int status = inside_with(move_a_file_within, SANDBOX_READ | SANDBOX_WRITE | SANDBOX_MOVE);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (landlock_there()) {
        status = inside_with(move_a_file_within, SANDBOX_READ | SANDBOX_WRITE);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        status = inside_with(move_a_file_out, SANDBOX_READ | SANDBOX_WRITE | SANDBOX_MOVE);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(rmdir(sub), 0);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#endif

static void *nothing(void *arg)
{
    return arg;
}

static int live(void)
{
    pthread_t thread;
    struct secret secret = {0};
    uint8_t random[16];
    if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    if (!secret_init(&secret, 100000) || rand_bytes(random, sizeof random, NULL) < 0)
        return 2;
    secret_done(&secret);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return fd < 0 || unlink(file) < 0;
}

static void what_keyd_does_goes_on(void **state)
{
    (void)state;
#ifdef SANITIZED
    skip(); /* its threads ask the system for more */
#endif
    fine_with(live);
}

static int crash(void)
{
    return raise(SIGSEGV);
}

static void there_is_no_core_file(void **state)
{
    (void)state;
    int status = inside(crash);
    assert_true(WIFSIGNALED(status));
    assert_false(WCOREDUMP(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_network_no_programs_no_tracing, setup, teardown),
        cmocka_unit_test_setup_teardown(only_its_folders_are_open, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_of_state_is_written_and_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(files_move_within_a_folder_that_is_open_for_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_keyd_does_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(there_is_no_core_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
