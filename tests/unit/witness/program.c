#include "program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

enum { WORDS = 24, TRIES = 1000 };

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "program: %s\n", what);
    abort();
}

/* The system's choice, free until now. */
static unsigned free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    need(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &len) == 0,
         "a port");
    close(fd);
    return ntohs(at.sin_port);
}

/* The child's side; nothing of a test that dies stays. */
static void become(const struct program *program, const char *const *words, int out)
{
    char *args[WORDS] = {(char *)(uintptr_t)program->path};
    for (size_t i = 0; words[i]; i++)
        args[i + 1] = (char *)(uintptr_t)words[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out >= 0)
        dup2(out, STDOUT_FILENO);
    execv(program->path, args);
    _exit(126);
}

int program_run(const struct program *program, const char *const *words, const char **ret_out)
{
    char *path = gb_arena_printf(program->arena, "%s/out", program->dir);
    struct gb_bytes text;
    int status = 0;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    need(fd >= 0, "a file for what it says");
    pid_t pid = fork();
    if (pid == 0)
        become(program, words, fd);
    need(pid > 0 && waitpid(pid, &status, 0) == pid, "it does not run");
    close(fd);
    need(file_read(program->arena, path, 1 << 20, &text, NULL) == 0, "what it says");
    if (ret_out)
        *ret_out = (const char *)gb_arena_copy(program->arena, text).data;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *conf_of(const struct program *program)
{
    return gb_arena_printf(program->arena, "%s/etc/witness.conf", program->dir);
}

/* Sanitizers want more of the system than the program does. */
static bool sandboxed(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#else
    return true;
#endif
#else
    return true;
#endif
}

void program_init(struct program *program, struct gb_arena *arena)
{
    const char *out = NULL;
    *program = (struct program){.arena = arena, .path = getenv("GARBOARD_WITNESS")};
    need(program->path, "GARBOARD_WITNESS is not set");
    strcpy(program->dir, "/tmp/gb-witness-XXXXXX");
    need(mkdtemp(program->dir) != NULL, "a folder");
    const unsigned port = free_port();
    const char *etc = gb_arena_printf(arena, "%s/etc", program->dir);
    const char *state = gb_arena_printf(arena, "%s/state", program->dir);
    const char *number = gb_arena_printf(arena, "%u", port);
    const char *const words[] = {"init",      "--name", "w.example/1", "--dns", "127.0.0.1",
                                 "--dir",     etc,      "--state",     state,   "--listen",
                                 "127.0.0.1", "--port", number,        NULL};
    need(program_run(program, words, &out) == 0, "init");
    const char *at = strstr(out, "w.example/1+");
    need(at != NULL, "no verifier key");
    program->vkey = gb_arena_printf(arena, "%.*s", (int)strcspn(at, " \n"), at);
    snprintf(program->url, sizeof program->url, "https://127.0.0.1:%u", port);
    if (!sandboxed()) {
        FILE *conf = fopen(conf_of(program), "a");
        need(conf && fputs("sandbox = no\n", conf) >= 0 && fclose(conf) == 0, "its configuration");
    }
}

void program_add_log(const struct program *program, const char *vkey)
{
    const char *const words[] = {"add-log", "--config", conf_of(program), vkey, NULL};
    need(program_run(program, words, NULL) == 0, "add-log");
}

struct gb_bytes program_ca(const struct program *program)
{
    struct gb_bytes pem;
    const char *path = gb_arena_printf(program->arena, "%s/etc/ca.pem", program->dir);
    need(file_read(program->arena, path, 1 << 16, &pem, NULL) == 0, "ca.pem");
    return pem;
}

struct http_client *program_client(const struct program *program)
{
    struct http_client *client = NULL;
    const struct http_client_conf conf = {.url = program->url,
                                          .ca_pem = program_ca(program),
                                          .connect_ms = 5000,
                                          .total_ms = 10000,
                                          .max_answer = 1 << 16};
    need(http_client_new(&conf, &client, NULL) == 0, "a client");
    return client;
}

void program_start(struct program *program)
{
    const char *const words[] = {"--config", conf_of(program), NULL};
    struct http_client *client = program_client(program);
    bool there = false;
    program->pid = fork();
    if (program->pid == 0)
        become(program, words, -1);
    need(program->pid > 0, "it does not start");
    for (int i = 0; !there && i < TRIES; i++) {
        struct http_reply reply = {0};
        there =
            http_client_send(client, "GET", "/healthz", NULL, gb_bytes(NULL, 0), &reply, NULL) == 0;
        http_reply_done(&reply);
        if (!there)
            usleep(10000);
    }
    http_client_free(client);
    need(there, "it does not answer");
}

void program_kill(struct program *program, int signo)
{
    if (program->pid == 0)
        return;
    kill(program->pid, signo);
    waitpid(program->pid, NULL, 0);
    program->pid = 0;
}

void program_done(struct program *program)
{
    char command[128];
    program_kill(program, SIGKILL);
    snprintf(command, sizeof command, "rm -rf %s", program->dir);
    need(system(command) == 0, "its folder stays");
}
