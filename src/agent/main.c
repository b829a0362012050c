#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/config.h"
#include "agent/doors.h"
#include "agent/results.h"
#include "agent/retry.h"
#include "agent/run.h"
#include "agent/state.h"
#include "base/buf.h"
#include "base/log.h"
#include "crypto/rand.h"
#include "os/service.h"

enum { EXIT_TRUSTED, EXIT_UNTRUSTED, EXIT_CONFIG, EXIT_MALFORMED, EXIT_SYSTEM, EXIT_REFUSED };

enum action { ACTION_RUN, ACTION_ONCE, ACTION_TOKEN, ACTION_CHECK, ACTION_PRINT };

struct args {
    enum action action;
    const char *config;
};

static const char *const usage =
    "Usage: garboard-agent [OPTION]...\n"
    "       garboard-agent [OPTION]... token\n"
    "Enrols this node with its TPM and proves its state to garboardd every interval; `token` "
    "prints\n"
    "an attestation result (a JWT) for others to check.\n\n"
    "  -c, --config FILE     instead of " CONFIG_PATH "\n"
    "      --once            one round, then exit\n"
    "      --check-config    read the configuration, then exit\n"
    "      --print-config    print it with all defaults, then exit\n"
    "      --version\n"
    "      --help\n\n"
    "Exit codes:\n"
    "  0  trusted (--once); the token was printed; ended by a signal\n"
    "  1  untrusted (--once)\n"
    "  2  usage or configuration: also a TPM that is not usable as it is\n"
    "  3  an answer of the server, or a log, is malformed\n"
    "  4  the system, the TPM or the network failed\n"
    "  5  the server refused; or the TPM is another than the one that was enrolled\n\n"
    "Configuration:\n";

static int print_buf(struct gb_buf *buf)
{
    bool good = gb_buf_ok(buf) && fwrite(buf->data, 1, buf->len, stdout) == buf->len;
    gb_buf_done(buf);
    return good && fflush(stdout) == 0 ? EXIT_TRUSTED : EXIT_SYSTEM;
}

static int print_help(void)
{
    struct gb_buf out;
    gb_buf_init(&out, 64 << 10);
    gb_buf_puts(&out, usage);
    conf_help(config_keys, &out);
    return print_buf(&out);
}

static int print_config(const struct config *config)
{
    struct gb_buf out;
    gb_buf_init(&out, 64 << 10);
    conf_print(config_keys, config, &out);
    return print_buf(&out);
}

/* -1: go on; else exit with it. */
static int parse(int argc, char **argv, struct args *args)
{
    enum { OPT_ONCE = 256, OPT_CHECK, OPT_PRINT, OPT_VERSION };
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"once", no_argument, NULL, OPT_ONCE},
        {"check-config", no_argument, NULL, OPT_CHECK},
        {"print-config", no_argument, NULL, OPT_PRINT},
        {"version", no_argument, NULL, OPT_VERSION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int opt; (opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (opt) {
        case 'c':
            args->config = optarg;
            break;
        case OPT_ONCE:
            args->action = ACTION_ONCE;
            break;
        case OPT_CHECK:
            args->action = ACTION_CHECK;
            break;
        case OPT_PRINT:
            args->action = ACTION_PRINT;
            break;
        case OPT_VERSION:
            return puts("garboard-agent " GARBOARD_VERSION) < 0 ? EXIT_SYSTEM : EXIT_TRUSTED;
        case 'h':
            return print_help();
        default:
            return EXIT_CONFIG;
        }
    }
    if (optind + 1 == argc && strcmp(argv[optind], "token") == 0 && args->action == ACTION_RUN) {
        args->action = ACTION_TOKEN;
    } else if (optind < argc) {
        fprintf(stderr, "garboard-agent: what is \"%s\"? See garboard-agent --help\n",
                argv[optind]);
        return EXIT_CONFIG;
    }
    return -1;
}

static int exit_of(int r)
{
    switch ((enum gb_err_code)r) {
    case GB_OK:
        return EXIT_TRUSTED;
    case GB_ERR_CONFIG:
    case GB_ERR_NOTFOUND:
        return EXIT_CONFIG;
    case GB_ERR_INPUT:
    case GB_ERR_LIMIT:
        return EXIT_MALFORMED;
    case GB_ERR_DENIED:
    case GB_ERR_AGAIN:
        return EXIT_REFUSED;
    case GB_ERR_IO:
    case GB_ERR_NOMEM:
    case GB_ERR_BUG:
        break;
    }
    return EXIT_SYSTEM;
}

static uint64_t draw(void)
{
    uint8_t bytes[8];
    uint64_t value = 0;
    if (rand_bytes(bytes, sizeof bytes, NULL) < 0)
        return 0; /* jitter is all that it is for */
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Signals are blocked but here: nothing is cut off in the middle of a TPM command. True when one
 * came that ends us; SIGHUP only ends the wait. */
static bool sleep_ms(const sigset_t *signals, int64_t ms)
{
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    int signal_number = sigtimedwait(signals, NULL, &wait);
    return signal_number > 0 && signal_number != SIGHUP;
}

/* Things that only a person changes are tried again slowly. */
static int64_t delay_ms(int r, int64_t wait_s, unsigned attempt)
{
    if (wait_s > 0)
        return retry_interval_ms(wait_s, draw());
    if (r == GB_ERR_DENIED || r == GB_ERR_CONFIG || r == GB_ERR_NOTFOUND)
        attempt = attempt < 5 ? 5 : attempt;
    return retry_delay_ms(attempt, draw());
}

static int run(struct agent *agent)
{
    sigset_t signals;
    struct gb_err err;
    int64_t wait_s = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    results_remove(agent->config, &agent->results); /* of an earlier run, which was killed */
    service_tell(SERVICE_READY, NULL); /* whatever the TPM and the network are like today */
    for (unsigned attempt = 0;;) {
        int64_t ms;
        int r = agent_step(agent, &wait_s, &err);
        if (r == GB_OK) {
            attempt = 0;
            ms = retry_interval_ms(agent->state.interval_s, draw());
        } else {
            gb_log_err(wait_s > 0 ? GB_LOG_INFO : GB_LOG_ERROR,
                       wait_s > 0 ? "waiting" : "round-failed", &err);
            ms = delay_ms(r, wait_s, attempt++);
        }
        ms = agent_wait_ms(agent, ms);
        service_tell(SERVICE_ALIVE, NULL);
        if (sleep_ms(&signals, ms))
            break;
    }
    service_tell(SERVICE_STOPPING, NULL);
    results_remove(agent->config, &agent->results); /* nobody is here to see it end */
    return EXIT_TRUSTED;
}

static int once(struct agent *agent)
{
    struct gb_err err;
    int64_t wait_s = 0;
    int r = agent_step(agent, &wait_s, &err);
    if (r < 0) {
        gb_log_err(GB_LOG_ERROR, "round-failed", &err);
        return exit_of(r);
    }
    printf("%s (%s)\n", agent->verdict.verdict, agent->verdict.tier);
    return strcmp(agent->verdict.verdict, "trusted") == 0 ? EXIT_TRUSTED : EXIT_UNTRUSTED;
}

static int token(struct agent *agent)
{
    struct gb_err err;
    const char *jwt;
    int r = agent_token(agent, &jwt, &err);
    if (r < 0) {
        gb_log_err(GB_LOG_ERROR, "no-token", &err);
        return exit_of(r);
    }
    return puts(jwt) < 0 || fflush(stdout) != 0 ? EXIT_SYSTEM : EXIT_TRUSTED;
}

static int act(const struct args *args, const struct config *config)
{
    struct agent agent;
    struct gb_err err;
    int code;
    int lock = -1; /* until the end of the process */
    umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    int r = agent_init(&agent, config, &err);
    if (r == GB_OK && args->action != ACTION_TOKEN)
        r = state_claim(config->state, &agent.state, &lock, &err);
    if (r == GB_OK)
        r = doors_close(config, &err);
    if (r < 0) {
        gb_log_err(GB_LOG_ERROR, "start-failed", &err);
        code = exit_of(r);
    } else if (args->action == ACTION_TOKEN) {
        code = token(&agent);
    } else {
        code = args->action == ACTION_ONCE ? once(&agent) : run(&agent);
    }
    agent_done(&agent);
    return code;
}

int main(int argc, char **argv)
{
    struct args args = {.action = ACTION_RUN, .config = CONFIG_PATH};
    struct config config;
    struct gb_err err;
    int code = parse(argc, argv, &args);
    if (code >= 0)
        return code;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena || config_load(arena, args.config, &config, &err) < 0) {
        fprintf(stderr, "garboard-agent: %s\n", arena ? err.text : "out of memory");
        return EXIT_CONFIG;
    }
    gb_log_setup("garboard-agent", config.log_format == 1 ? GB_LOG_FORM_JSON : GB_LOG_FORM_TEXT,
                 (enum gb_log_level)config.log_level);
    if (args.action == ACTION_CHECK)
        return EXIT_TRUSTED;
    return args.action == ACTION_PRINT ? print_config(&config) : act(&args, &config);
}
