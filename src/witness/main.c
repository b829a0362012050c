/* garboard-witness: co-signs what logs sign, as long as each only grows. See garboard-witness(8).
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/limits.h"
#include "base/log.h"
#include "witness/cmds.h"
#include "witness/config.h"
#include "witness/serve.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"init", cmd_init}, {"add-log", cmd_add_log}, {"forks", cmd_forks}, {"compare", cmd_compare}};

enum action { ACTION_SERVE, ACTION_CHECK, ACTION_PRINT, ACTION_HELP, ACTION_VERSION, ACTION_WRONG };

static int help(void)
{
    struct gb_buf text;
    gb_buf_init(&text, GB_LIMIT_CONF);
    gb_buf_puts(
        &text,
        "usage: garboard-witness [--config FILE] [--check-config | --print-config]\n"
        "       garboard-witness init --name NAME --dns NAME [--dir DIR] [--state DIR]\n"
        "                             [--listen ADDRESS] [--port PORT]\n"
        "       garboard-witness add-log [--config FILE] VKEY...\n"
        "       garboard-witness forks [--config FILE]\n"
        "       garboard-witness compare [--config FILE | --log VKEY]... [--proof FILE]\n"
        "                                CHECKPOINT CHECKPOINT\n"
        "       garboard-witness --help | --version\n\n"
        "Co-signs the checkpoints of logs, as long as each only grows; keeps evidence of forks.\n"
        "Configuration (" WITNESS_CONF_PATH "):\n\n");
    conf_help(witness_config_table, &text);
    return cmds_print(&text);
}

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

static int print_config(const struct witness_config *config)
{
    struct gb_buf text;
    gb_buf_init(&text, GB_LIMIT_CONF);
    conf_print(witness_config_table, config, &text);
    return cmds_print(&text);
}

static int with_config(enum action action, const char *path)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct witness_config config = {0};
    struct gb_err err = {0};
    int r = arena ? witness_config_read(arena, path, &config, &err) : gb_err_nomem(&err);
    if (r == GB_OK && action == ACTION_PRINT)
        return print_config(&config);
    if (r == GB_OK)
        gb_log_setup("garboard-witness", (enum gb_log_form)config.log_format,
                     (enum gb_log_level)config.log_level);
    if (r == GB_OK && action == ACTION_CHECK)
        r = serve_check(&config, &err);
    else if (r == GB_OK)
        r = serve_run(path, &config, &err);
    if (r == GB_OK)
        return CMDS_OK;
    gb_log_err(GB_LOG_ERROR, action == ACTION_SERVE ? "cannot-serve" : "bad-configuration", &err);
    return r == GB_ERR_CONFIG || r == GB_ERR_NOTFOUND || r == GB_ERR_LIMIT ? CMDS_USAGE
                                                                           : CMDS_SYSTEM;
}

int main(int argc, char **argv)
{
    const char *path = WITNESS_CONF_PATH;
    (void)signal(SIGPIPE, SIG_IGN);
    gb_log_setup("garboard-witness", GB_LOG_FORM_TEXT, GB_LOG_INFO);
    for (size_t i = 0; argc > 1 && i < GB_ARRAY_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    enum action action = read_options(argc, argv, &path);
    switch (action) {
    case ACTION_WRONG:
        fputs("garboard-witness: see garboard-witness --help\n", stderr);
        return CMDS_USAGE;
    case ACTION_HELP:
        return help();
    case ACTION_VERSION:
        return puts("garboard-witness " GARBOARD_VERSION) < 0 ? CMDS_SYSTEM : CMDS_OK;
    case ACTION_SERVE:
    case ACTION_CHECK:
    case ACTION_PRINT:
        break;
    }
    return with_config(action, path);
}
