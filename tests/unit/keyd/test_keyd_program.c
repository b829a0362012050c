/* The program itself, behind its socket, in its sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "../test.h"
#include "base/clock.h"
#include "crypto/issue.h"
#include "make_state.h"
#include "os/file.h"
#include "os/rpc.h"
#include "rpc/keyd.h"

enum { PATIENCE_MS = 30000 };

static struct keyd_state state;
static pid_t pid;
static struct gb_arena *arena;

static void start(void)
{
    const char *program = getenv("GARBOARD_KEYD");
    assert_non_null(program);
    pid = fork();
    if (pid == 0) {
        execl(program, program, "--config", state.config, (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
}

static int wait_end(void)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    pid = 0;
    return status;
}

/* A client whose keyd answers. */
static struct keyd_client *client_of(void)
{
    struct keyd_client *client = NULL;
    struct keyd_status status;
    int64_t until_ms = gb_clock_ms() + PATIENCE_MS;
    assert_int_equal(keyd_client_new(state.socket, 5000, &client, NULL), 0);
    while (keyd_status(client, arena, &status, NULL) < 0) {
        const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
        assert_true(gb_clock_ms() < until_ms);
        nanosleep(&moment, NULL);
    }
    return client;
}

static int setup_with(const char *passphrase, const char *more)
{
    arena = gb_arena_new();
    keyd_state_make(&state, passphrase, more);
    start();
    return 0;
}

static int setup(void **unused)
{
    (void)unused;
    return setup_with("", "server_name = server.example\nserver_name = 127.0.0.1\n");
}

static int setup_sealed(void **unused)
{
    (void)unused;
    return setup_with("correct horse", "");
}

static int teardown(void **unused)
{
    (void)unused;
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pid = 0;
    }
    keyd_state_done(&state);
    gb_arena_free(arena);
    return 0;
}

static void it_says_who_it_is(void **unused)
{
    (void)unused;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    struct keyd_status status;
    assert_int_equal(keyd_status(client, arena, &status, NULL), 0);
    assert_string_equal(status.trust_domain, "example.test");
    assert_true(gb_bytes_starts(status.ca_pem, gb_bytes_str("-----BEGIN CERTIFICATE-----")));
    assert_non_null(strstr(status.jwks, "\"kty\":\"EC\""));
}

static void nonces_differ(void **unused)
{
    (void)unused;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    uint8_t a[32];
    uint8_t b[32];
    assert_int_equal(keyd_nonce(client, a, NULL), 0);
    assert_int_equal(keyd_nonce(client, b, NULL), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

static void it_signs_the_servers_certificate(void **unused)
{
    (void)unused;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf csr = {0};
    struct keyd_certificate certificate;
    struct keyd_status status;
    struct issued issued;
    gb_buf_init(&csr, GB_LIMIT_CERT);
    assert_int_equal(signer_new(&signer, NULL), 0);
    assert_int_equal(issue_request(signer, "x", &csr, NULL), 0);
    assert_int_equal(keyd_server_cert(client, arena, gb_buf_bytes(&csr), &certificate, NULL), 0);
    assert_int_equal(keyd_status(client, arena, &status, NULL), 0);
    assert_int_equal(issued_read(arena, certificate.pem, status.ca_pem, &issued, NULL), 0);
    assert_string_equal(issued.spiffe_id, "spiffe://example.test/server");
    assert_int_equal(issued.not_after_s, certificate.not_after_s);
    assert_memory_equal(issued.fingerprint, certificate.transport, 32);
}

static void sealed_keys_open_by_the_passphrase_file(void **unused)
{
    (void)unused;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    uint8_t nonce[32];
    assert_int_equal(keyd_nonce(client, nonce, NULL), 0);
}

/* What cannot be read gets a refusal, and then the connection ends; others go on. */
static void garbage_ends_its_own_connection_only(void **unused)
{
    (void)unused;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    gb_cleanup(gb_buf_done) struct gb_buf answer = {0};
    uint8_t nonce[32];
    int fd = -1;
    gb_buf_init(&answer, 4096);
    assert_int_equal(rpc_connect(state.socket, gb_clock_ms() + 5000, &fd, NULL), 0);
    assert_int_equal(rpc_send(fd, gb_bytes_str("garbage"), gb_clock_ms() + 5000, NULL), 0);
    assert_int_equal(rpc_receive(fd, gb_clock_ms() + 5000, 5000, &answer, NULL), 0);
    assert_true(answer.len > 0);
    gb_buf_done(&answer);
    gb_buf_init(&answer, 4096);
    assert_int_equal(rpc_receive(fd, gb_clock_ms() + 5000, 5000, &answer, NULL), GB_ERR_NOTFOUND);
    close(fd);
    assert_int_equal(keyd_nonce(client, nonce, NULL), 0);
}

/* Connections that say nothing are bounded, and do not stop those who came before. */
static void silent_connections_do_not_stop_others(void **unused)
{
    (void)unused;
    enum { MANY = 200 };
    static int fds[MANY];
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    uint8_t nonce[32];
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(rpc_connect(state.socket, gb_clock_ms() + 5000, &fds[i], NULL), 0);
    assert_int_equal(keyd_nonce(client, nonce, NULL), 0);
    for (size_t i = 0; i < MANY; i++)
        close(fds[i]);
    keyd_client_free(client);
    client = client_of(); /* and afterwards there is room again */
}

/* Half a request each: whoever is whole is answered all the same, and who came before finds back.
 */
static void T29_stalled_peers_do_not_take_all_seats(void **unused)
{
    (void)unused;
    enum { MANY = 200 };
    static int fds[MANY];
    gb_cleanup(keyd_client_freep) struct keyd_client *before = client_of();
    gb_cleanup(keyd_client_freep) struct keyd_client *after = NULL;
    uint8_t nonce[32];
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(rpc_connect(state.socket, gb_clock_ms() + 5000, &fds[i], NULL), 0);
        assert_int_equal(send(fds[i], "\0\0\0\x10half", 8, MSG_NOSIGNAL), 8);
    }
    assert_int_equal(keyd_client_new(state.socket, PATIENCE_MS, &after, NULL), 0);
    assert_int_equal(keyd_nonce(after, nonce, NULL), 0);
    assert_int_equal(keyd_nonce(before, nonce, NULL), 0);
    for (size_t i = 0; i < MANY; i++)
        close(fds[i]);
}

/* keyd with few descriptors, its log in a file. */
static int setup_poor(void **unused)
{
    (void)unused;
    enum { FEW = 20 };
    struct rlimit old;
    char log[128];
    arena = gb_arena_new();
    keyd_state_make(&state, "", "");
    snprintf(log, sizeof log, "%s/log", state.folder);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int stderr_fd = dup(STDERR_FILENO);
    getrlimit(RLIMIT_NOFILE, &old);
    const struct rlimit now = {.rlim_cur = FEW, .rlim_max = old.rlim_max};
    dup2(fd, STDERR_FILENO);
    setrlimit(RLIMIT_NOFILE, &now);
    start();
    setrlimit(RLIMIT_NOFILE, &old);
    dup2(stderr_fd, STDERR_FILENO);
    close(stderr_fd);
    close(fd);
    return 0;
}

static int64_t times_logged(const char *word)
{
    char path[128];
    struct gb_bytes log;
    int64_t n = 0;
    snprintf(path, sizeof path, "%s/log", state.folder);
    assert_int_equal(file_read(arena, path, 64 << 20, &log, NULL), 0);
    for (size_t i = 0; i + strlen(word) <= log.len; i++)
        n += memcmp(log.data + i, word, strlen(word)) == 0;
    return n;
}

/* Out of descriptors it waits, and does not spin; with descriptors again it serves. */
static void T29_without_descriptors_it_waits(void **unused)
{
    (void)unused;
    enum { MANY = 40, A_TENTH_MS = 100 };
    static int fds[MANY];
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    const struct timespec moment = {.tv_sec = 1};
    int64_t begun_ms = gb_clock_ms();
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(rpc_connect(state.socket, gb_clock_ms() + 5000, &fds[i], NULL), 0);
    while (times_logged("cannot-accept") == 0)
        assert_true(gb_clock_ms() < begun_ms + PATIENCE_MS);
    nanosleep(&moment, NULL);
    int64_t tries = times_logged("cannot-accept");
    assert_true(tries <= (gb_clock_ms() - begun_ms) / A_TENTH_MS + 1);
    for (size_t i = 0; i < MANY; i++)
        close(fds[i]);
    keyd_client_free(client);
    client = client_of();
}

/* Asks as this user, in a process of its own; root asks for a nonce in the test's. */
static bool served_as(uid_t uid)
{
    pid_t child = fork();
    if (child == 0) {
        struct keyd_client *client = NULL;
        uint8_t nonce[32];
        if (setresuid(uid, uid, uid) < 0 ||
            keyd_client_new(state.socket, PATIENCE_MS, &client, NULL) < 0)
            _exit(2);
        _exit(keyd_nonce(client, nonce, NULL) == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

static int setup_for_nobody(void **unused)
{
    (void)unused;
    return setup_with("", "peer_user = nobody\n");
}

/* The socket's mode lets all in here: the kernel's word on who they are decides. */
static void T19_only_the_configured_user_may_ask(void **unused)
{
    (void)unused;
    if (geteuid() != 0)
        skip();
    keyd_client_free(client_of()); /* root may */
    assert_int_equal(chmod(state.folder, 0711), 0);
    assert_int_equal(chmod(state.socket, 0666), 0);
    assert_true(served_as(getpwnam("nobody")->pw_uid));
    assert_false(served_as(getpwnam("daemon")->pw_uid));
}

static void T19_when_none_is_configured_only_its_own_user(void **unused)
{
    (void)unused;
    if (geteuid() != 0)
        skip();
    keyd_client_free(client_of());
    assert_int_equal(chmod(state.folder, 0711), 0);
    assert_int_equal(chmod(state.socket, 0666), 0);
    assert_false(served_as(getpwnam("nobody")->pw_uid));
}

static void a_reload_takes_all_or_nothing(void **unused)
{
    (void)unused;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    uint8_t nonce[32];
    kill(pid, SIGHUP);
    assert_int_equal(keyd_nonce(client, nonce, NULL), 0);
    kill(pid, SIGHUP);
    assert_int_equal(keyd_nonce(client, nonce, NULL), 0);
}

static void it_ends_when_asked(void **unused)
{
    (void)unused;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = client_of();
    kill(pid, SIGTERM);
    int status = wait_end();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(access(state.socket, F_OK), -1);
    uint8_t nonce[32];
    assert_int_equal(keyd_nonce(client, nonce, NULL), GB_ERR_IO);
}

struct load {
    atomic_bool stop;
    atomic_int good;
    atomic_int lost;
};

static void *ask_on(void *arg)
{
    struct load *load = arg;
    gb_cleanup(keyd_client_freep) struct keyd_client *client = NULL;
    if (keyd_client_new(state.socket, 5000, &client, NULL) < 0)
        return NULL;
    while (!atomic_load(&load->stop)) {
        uint8_t nonce[32];
        int r = keyd_nonce(client, nonce, NULL);
        atomic_fetch_add(r == 0 ? &load->good : &load->lost, 1);
        if (r != 0 && r != GB_ERR_IO)
            abort();
    }
    return NULL;
}

static void wait_for(atomic_int *counter, int value)
{
    int64_t until_ms = gb_clock_ms() + PATIENCE_MS;
    while (atomic_load(counter) < value) {
        const struct timespec moment = {.tv_nsec = 5 * 1000 * 1000};
        assert_true(gb_clock_ms() < until_ms);
        nanosleep(&moment, NULL);
    }
}

/* kill -9 under load: whoever asks gets GB_ERR_IO, then the new keyd's answers by the same client.
 */
static void clients_survive_its_sudden_death(void **unused)
{
    (void)unused;
    enum { THREADS = 4 };
    struct load load = {0};
    pthread_t threads[THREADS];
    keyd_client_free(client_of());
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &load), 0);
    wait_for(&load.good, 100);
    kill(pid, SIGKILL);
    wait_end();
    wait_for(&load.lost, 10);
    start();
    keyd_client_free(client_of());
    wait_for(&load.good, atomic_load(&load.good) + 100);
    atomic_store(&load.stop, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_says_who_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(nonces_differ, setup, teardown),
        cmocka_unit_test_setup_teardown(it_signs_the_servers_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(sealed_keys_open_by_the_passphrase_file, setup_sealed,
                                        teardown),
        cmocka_unit_test_setup_teardown(garbage_ends_its_own_connection_only, setup, teardown),
        cmocka_unit_test_setup_teardown(silent_connections_do_not_stop_others, setup, teardown),
        cmocka_unit_test_setup_teardown(T29_stalled_peers_do_not_take_all_seats, setup, teardown),
        cmocka_unit_test_setup_teardown(T29_without_descriptors_it_waits, setup_poor, teardown),
        cmocka_unit_test_setup_teardown(T19_only_the_configured_user_may_ask, setup_for_nobody,
                                        teardown),
        cmocka_unit_test_setup_teardown(T19_when_none_is_configured_only_its_own_user, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reload_takes_all_or_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(it_ends_when_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(clients_survive_its_sudden_death, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
