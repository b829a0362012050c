/* garboardd: nodes enrol with their TPM and prove themselves; operators ask. garboardd(8). */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "os/sandbox.h"
#include "server/config.h"
#include "server/service.h"

enum { EXIT_USAGE = 2, EXIT_FAILED = 4 }; /* as the other programs: garboardd(8), EXIT STATUS */

static const char default_path[] = "/etc/garboard/garboardd.conf";

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
    {"print-config", no_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0},
};

enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT, MODE_HELP, MODE_VERSION, MODE_WRONG };

static enum mode read_options(int argc, char **argv, const char **ret_path)
{
    enum mode mode = MODE_RUN;
    int c;
    while ((c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            *ret_path = optarg;
            break;
        case 'k':
            mode = MODE_CHECK;
            break;
        case 'p':
            mode = MODE_PRINT;
            break;
        case 'h':
            return MODE_HELP;
        case 'V':
            return MODE_VERSION;
        default:
            return MODE_WRONG;
        }
    }
    return optind < argc ? MODE_WRONG : mode;
}

static int put(const struct gb_buf *out)
{
    bool written =
        gb_buf_ok(out) && fwrite(out->data, 1, out->len, stdout) == out->len && fflush(stdout) == 0;
    return written ? 0 : EXIT_FAILED;
}

static int help(void)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, 64 << 10);
    gb_buf_puts(&out, "usage: garboardd [--config FILE] [--check-config | --print-config]\n\n"
                      "The attestation server: nodes enrol with their TPM and prove themselves.\n\n"
                      "  -c, --config FILE  read this configuration (default: ");
    gb_buf_printf(&out,
                  "%s)\n"
                  "      --check-config say whether it is good, start nothing\n"
                  "      --print-config show every key with its value\n"
                  "  -h, --help\n"
                  "  -V, --version\n\n"
                  "Configuration, see garboardd.conf(5):\n\n",
                  default_path);
    config_help(&out);
    return put(&out);
}

static int print_config(const struct config *config)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, 64 << 10);
    config_print(config, &out);
    return put(&out);
}

static int exit_code(int result)
{
    return result == GB_ERR_CONFIG || result == GB_ERR_NOTFOUND ? EXIT_USAGE : EXIT_FAILED;
}

/* Each connection is a descriptor; the soft limit is for programs that use select(2). */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            gb_log_event(GB_LOG_WARNING, "descriptors-not-raised", GB_LOG_NUMBER("errno", errno));
    }
}

static int run(const char *path, enum mode mode)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct config config = {0};
    struct gb_err err = {0};
    int r = arena ? config_read(arena, path, &config, &err) : gb_err_nomem(&err);
    if (r < 0) {
        fprintf(stderr, "garboardd: %s\n", err.text);
        return exit_code(r);
    }
    if (mode == MODE_CHECK)
        return 0;
    if (mode == MODE_PRINT)
        return print_config(&config);
    gb_log_setup("garboardd", (enum gb_log_form)config.log_format,
                 (enum gb_log_level)config.log_level);
    raise_descriptors();
    r = sandbox_guard_memory(&err); /* before the key is read */
    if (r == GB_OK)
        r = service_run(path, &config, &err);
    if (r < 0) {
        gb_log_err(GB_LOG_ERROR, "failed", &err);
        return exit_code(r);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *path = default_path;
    (void)signal(SIGPIPE, SIG_IGN);
    enum mode mode = read_options(argc, argv, &path);
    switch (mode) {
    case MODE_HELP:
        return help();
    case MODE_VERSION:
        return puts("garboardd " GARBOARD_VERSION) < 0 ? EXIT_FAILED : 0;
    case MODE_WRONG:
        fputs("usage: garboardd [--config FILE] [--check-config | --print-config]\n", stderr);
        return EXIT_USAGE;
    case MODE_RUN:
    case MODE_CHECK:
    case MODE_PRINT:
        break;
    }
    return run(path, mode);
}
