/* garboard-keyd: holds the service's private keys, and believes nobody. See garboard-keyd(8). */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "keyd/challenges.h"
#include "keyd/config.h"
#include "keyd/desk.h"
#include "keyd/ledger.h"
#include "keyd/monitor.h"
#include "keyd/serve.h"
#include "keyd/vault.h"
#include "os/rpc.h"
#include "os/sandbox.h"
#include "os/service.h"

enum { EXIT_USAGE = 2, EXIT_SYSTEM = 4 }; /* garboard-keyd(8), EXIT STATUS */
enum { TICK_MS = 1000, DEAF_MS = 100 };

struct keyd {
    const char *path; /* of the configuration */
    struct keyd_config config;
    struct house house;
    struct crew *crew;
    int listen_fd;
    int signal_fd;
    bool own_socket; /* to be removed at the end */
    int64_t watchdog_ms;
    int64_t alive_ms; /* when the watchdog is due */
};

static int exit_code(const struct gb_err *err)
{
    return err->code == GB_ERR_CONFIG || err->code == GB_ERR_NOTFOUND || err->code == GB_ERR_LIMIT
               ? EXIT_USAGE
               : EXIT_SYSTEM;
}

/* ---- start ---- */

static int find_peer(const char *name, uid_t *ret_uid, struct gb_err *err)
{
    if (!name) {
        *ret_uid = geteuid();
        return GB_OK;
    }
    errno = 0;
    const struct passwd *user = getpwnam(name); /* before there are threads */
    if (!user)
        return gb_err_set(err, GB_ERR_CONFIG, "peer_user: there is no user %s", name);
    *ret_uid = user->pw_uid;
    return GB_OK;
}

static int open_listener(struct keyd *keyd, struct gb_err *err)
{
    size_t count = 0;
    int r = service_sockets(&keyd->listen_fd, 1, &count, err);
    if (r < 0 || count == 1)
        return r;
    r = rpc_listen(keyd->config.socket, 0660, &keyd->listen_fd, err);
    keyd->own_socket = r == 0;
    return r;
}

/* All threads inherit the mask: signals come through the descriptor only. */
static int open_signals(struct keyd *keyd, struct gb_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    keyd->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return keyd->signal_fd < 0 ? gb_err_sys(err, errno, "cannot wait for signals") : GB_OK;
}

/* A passphrase that systemd hands over is read again from its folder. */
static void keep_passphrase(const struct keyd_config *config, struct sandbox_folders *folders)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (!config->passphrase_file)
        return;
    if (strchr(config->passphrase_file, '/') || !credentials)
        sandbox_folders_add_parent(folders, config->passphrase_file, SANDBOX_READ);
    else
        sandbox_folders_add(folders, credentials, SANDBOX_READ);
}

/* What a reload reads stays open to it: the configuration, keys, roots, officers, documents. The
 * folder of state is written to, too: what was signed last of the ledger. */
static int close_doors(const struct keyd *keyd, struct gb_err *err)
{
    if (!keyd->config.sandbox) {
        gb_log_event(GB_LOG_WARNING, "no-sandbox");
        return GB_OK;
    }
    const struct conf_list *lists[] = {&keyd->config.tpm_roots, &keyd->config.tpm_intermediates,
                                       &keyd->config.officer_keys};
    gb_cleanup(sandbox_folders_done) struct sandbox_folders folders = {0};
    sandbox_folders_add_parent(&folders, keyd->path, SANDBOX_READ);
    for (size_t i = 0; i < GB_ARRAY_LEN(lists); i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            sandbox_folders_add_parent(&folders, lists[i]->items[j], SANDBOX_READ);
    sandbox_folders_add(&folders, keyd->config.state, SANDBOX_READ | SANDBOX_WRITE);
    keep_passphrase(&keyd->config, &folders);
    if (keyd->own_socket)
        sandbox_folders_add_parent(&folders, keyd->config.socket, SANDBOX_REMOVE);
    return sandbox_enter(SANDBOX_KEYD, &folders, err);
}

static int start(struct keyd *keyd, struct gb_err *err)
{
    uid_t peer = 0;
    /* Before any secret is read. */
    int r = keyd->config.sandbox ? sandbox_guard_memory(err) : GB_OK;
    if (r == 0)
        r = find_peer(keyd->config.peer_user, &peer, err);
    if (r == 0)
        r = house_open(&keyd->config, &keyd->house, err);
    if (r == 0)
        r = ledger_hold(keyd->house.ledger, err);
    if (r == 0)
        r = open_signals(keyd, err);
    if (r == 0)
        r = open_listener(keyd, err);
    if (r == 0)
        r = close_doors(keyd, err);
    if (r == 0)
        r = crew_new(&keyd->house, peer, &keyd->crew, err);
    return r;
}

/* ---- run ---- */

/* A line that was taken out must not be believed any longer: the lists are read again, too. */
static int read_again(struct keyd *keyd, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct keyd_config config;
    if (!arena)
        return gb_err_nomem(err);
    int r = keyd_config_read(arena, keyd->path, &config, err);
    return r < 0 ? r : house_reload(&keyd->house, &config, err);
}

static void reload(struct keyd *keyd)
{
    struct gb_err err = {0};
    service_tell(SERVICE_RELOADING, NULL);
    if (read_again(keyd, &err) < 0)
        gb_log_err(GB_LOG_ERROR, "reload-failed", &err); /* the old ones stay */
    else
        gb_log_event(GB_LOG_INFO, "reloaded");
    service_tell(SERVICE_READY, NULL);
}

/* False: the end was asked for. */
static bool hear_signals(struct keyd *keyd)
{
    struct signalfd_siginfo info;
    while (read(keyd->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP)
            return false;
        reload(keyd);
    }
    return true;
}

static void tick(struct keyd *keyd)
{
    int64_t now_ms = gb_clock_ms();
    challenges_sweep(keyd->house.challenges, now_ms);
    vault_tick(keyd->house.vault, gb_clock_s() * 1000);
    if (keyd->watchdog_ms > 0 && now_ms >= keyd->alive_ms) {
        service_tell(SERVICE_ALIVE, NULL);
        keyd->alive_ms = now_ms + keyd->watchdog_ms;
    }
}

static int run(struct keyd *keyd)
{
    struct pollfd fds[] = {{.fd = keyd->signal_fd, .events = POLLIN},
                           {.fd = keyd->listen_fd, .events = POLLIN}};
    keyd->watchdog_ms = service_watchdog_ms();
    int wait_ms =
        keyd->watchdog_ms > 0 && keyd->watchdog_ms < TICK_MS ? (int)keyd->watchdog_ms : TICK_MS;
    gb_log_event(GB_LOG_INFO, "ready", GB_LOG_TEXT("version", GARBOARD_VERSION),
                 GB_LOG_TEXT("trust_domain", keyd->config.trust_domain));
    service_tell(SERVICE_READY, NULL);
    for (bool deaf = false;;) {
        fds[1].fd = deaf ? -1 : keyd->listen_fd;
        int n = poll(fds, GB_ARRAY_LEN(fds), deaf ? DEAF_MS : wait_ms);
        if (n < 0 && errno != EINTR)
            return EXIT_SYSTEM;
        if (n > 0 && fds[0].revents && !hear_signals(keyd))
            return EXIT_SUCCESS;
        deaf = n > 0 && fds[1].revents && !crew_accept(keyd->crew, keyd->listen_fd);
        tick(keyd);
    }
}

static void stop(struct keyd *keyd)
{
    service_tell(SERVICE_STOPPING, NULL);
    if (keyd->own_socket)
        unlink(keyd->config.socket);
    crew_free(keyd->crew);
    house_close(&keyd->house);
    if (keyd->listen_fd >= 0)
        close(keyd->listen_fd);
    if (keyd->signal_fd >= 0)
        close(keyd->signal_fd);
}

static int serve(struct keyd *keyd)
{
    struct gb_err err = {0};
    if (start(keyd, &err) < 0) {
        gb_log_err(GB_LOG_ERROR, "cannot-start", &err);
        stop(keyd);
        return exit_code(&err);
    }
    int code = run(keyd);
    gb_log_event(GB_LOG_INFO, "stopping");
    stop(keyd);
    return code;
}

/* ---- command line ---- */

static int print(struct gb_buf *text)
{
    bool good = gb_buf_ok(text) && fwrite(text->data, 1, text->len, stdout) == text->len &&
                fflush(stdout) == 0;
    gb_buf_done(text);
    return good ? EXIT_SUCCESS : EXIT_SYSTEM;
}

static int help(void)
{
    struct gb_buf text;
    gb_buf_init(&text, GB_LIMIT_CONF);
    gb_buf_puts(&text,
                "usage: garboard-keyd [--config FILE] [--check-config | --print-config]\n"
                "       garboard-keyd --help | --version\n\n"
                "Holds the private keys of the service. Configuration (" KEYD_CONF_PATH "):\n\n");
    conf_help(keyd_config_table, &text);
    return print(&text);
}

/* Everything that a start would read, but the socket. */
static int check_config(const struct keyd_config *config)
{
    struct gb_err err = {0};
    struct house house;
    uid_t peer = 0;
    int r = find_peer(config->peer_user, &peer, &err);
    if (r == 0)
        r = house_open(config, &house, &err);
    if (r < 0) {
        gb_log_err(GB_LOG_ERROR, "bad-configuration", &err);
        return exit_code(&err);
    }
    house_close(&house);
    return EXIT_SUCCESS;
}

static int print_config(const struct keyd_config *config)
{
    struct gb_buf text;
    gb_buf_init(&text, GB_LIMIT_CONF);
    conf_print(keyd_config_table, config, &text);
    return print(&text);
}

enum action { ACTION_SERVE, ACTION_CHECK, ACTION_PRINT, ACTION_HELP, ACTION_VERSION, ACTION_WRONG };

static enum action read_options(int argc, char **argv, const char **ret_path)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check-config", no_argument, NULL, ACTION_CHECK},
                                            {"print-config", no_argument, NULL, ACTION_PRINT},
                                            {"help", no_argument, NULL, ACTION_HELP},
                                            {"version", no_argument, NULL, ACTION_VERSION},
                                            {NULL, 0, NULL, 0}};
    enum action action = ACTION_SERVE;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c == 'c')
            *ret_path = optarg;
        else if (c == '?')
            return ACTION_WRONG;
        else
            action = (enum action)c;
    }
    return optind == argc ? action : ACTION_WRONG;
}

static int with_config(enum action action, const char *path)
{
    struct gb_err err = {0};
    struct keyd keyd = {.path = path, .listen_fd = -1, .signal_fd = -1};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return EXIT_SYSTEM;
    if (keyd_config_read(arena, path, &keyd.config, &err) < 0) {
        gb_log_err(GB_LOG_ERROR, "bad-configuration", &err);
        return exit_code(&err);
    }
    if (action == ACTION_PRINT)
        return print_config(&keyd.config);
    gb_log_setup("garboard-keyd", (enum gb_log_form)keyd.config.log_format,
                 (enum gb_log_level)keyd.config.log_level);
    return action == ACTION_CHECK ? check_config(&keyd.config) : serve(&keyd);
}

int main(int argc, char **argv)
{
    const char *path = KEYD_CONF_PATH;
    gb_log_setup("garboard-keyd", GB_LOG_FORM_TEXT, GB_LOG_INFO);
    enum action action = read_options(argc, argv, &path);
    switch (action) {
    case ACTION_WRONG:
        fputs("garboard-keyd: see garboard-keyd --help\n", stderr);
        return EXIT_USAGE;
    case ACTION_HELP:
        return help();
    case ACTION_VERSION:
        return puts("garboard-keyd " GARBOARD_VERSION) < 0 ? EXIT_SYSTEM : EXIT_SUCCESS;
    case ACTION_SERVE:
    case ACTION_CHECK:
    case ACTION_PRINT:
        break;
    }
    return with_config(action, path);
}
