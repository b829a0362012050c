#include "load/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum kind { TEXT, NUMBER, FLAG };

static const struct {
    const char *name;
    enum kind kind;
    size_t at;
    const char *help;
} table[] = {
    {"state", TEXT, offsetof(struct options, state),
     "FOLDER   keys and certificates of the machines"},
    {"server", TEXT, offsetof(struct options, server), "HOST     (127.0.0.1)"},
    {"api-port", TEXT, offsetof(struct options, api_port), "PORT     (8440)"},
    {"enroll-port", TEXT, offsetof(struct options, enroll_port), "PORT     (8441)"},
    {"ca", TEXT, offsetof(struct options, ca), "FILE     the server's CA (STATE/ca.pem)"},
    {"token", TEXT, offsetof(struct options, token), "TOKEN    a join token with a use for each"},
    {"nodes", NUMBER, offsetof(struct options, nodes), "N        how many machines (100)"},
    {"files", NUMBER, offsetof(struct options, files), "N        different files measured (10000)"},
    {"first", NUMBER, offsetof(struct options, first), "N        IMA entries at the start (100)"},
    {"entries", NUMBER, offsetof(struct options, entries), "N        new ones each round (10)"},
    {"rounds", NUMBER, offsetof(struct options, rounds), "N        rounds of each machine (10)"},
    {"rate", NUMBER, offsetof(struct options, rate), "N        rounds a second, of all (no limit)"},
    {"threads", NUMBER, offsetof(struct options, threads), "N        requests at once (8)"},
    {"resume", FLAG, offsetof(struct options, resume),
     "         a new, resumed connection each round"},
    {"pid", NUMBER, offsetof(struct options, pid), "PID      report this process's CPU and memory"},
};

static void help(void)
{
    printf("usage: garboard-load prepare|enrol|run|reference [OPTION...]\n\n"
           "  prepare    makes a CA of endorsement keys and the keys of the machines\n"
           "  enrol      enrols them at a server that trusts STATE/ek-ca.pem\n"
           "  run        attests, round after round, and reports\n"
           "  reference  prints a reference set that knows the measured files\n\n");
    for (size_t i = 0; i < GB_ARRAY_LEN(table); i++)
        printf("  --%-12s %s\n", table[i].name, table[i].help);
    printf("  --help --version\n");
}

static int number(const char *name, const char *text, uint64_t *ret_value, struct gb_err *err)
{
    enum { MOST = 1000000000 };
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || end == text || *text == '-' || value > MOST)
        return gb_err_set(err, GB_ERR_CONFIG, "--%s: not a number of at most %d", name, MOST);
    *ret_value = value;
    return GB_OK;
}

static int set(struct options *o, size_t i, const char *value, struct gb_err *err)
{
    char *at = (char *)o + table[i].at;
    uint64_t n = 0;
    if (table[i].kind == TEXT)
        memcpy(at, &value, sizeof value);
    if (table[i].kind == FLAG)
        memcpy(at, &(bool){true}, sizeof(bool));
    if (table[i].kind != NUMBER)
        return GB_OK;
    int r = number(table[i].name, value, &n, err);
    if (r < 0)
        return r;
    if (table[i].at == offsetof(struct options, pid))
        o->pid = (pid_t)n;
    else
        memcpy(at, &n, sizeof n);
    return GB_OK;
}

static int check(const struct options *o, struct gb_err *err)
{
    if (!o->command)
        return gb_err_set(err, GB_ERR_CONFIG, "a command is missing (--help lists them)");
    if (o->nodes == 0 || o->files == 0 || o->threads == 0 || o->threads > 256)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "--nodes, --files and --threads (at most 256) begin at 1");
    return GB_OK;
}

int options_read(int argc, char **argv, struct options *ret_options, struct gb_err *err)
{
    enum { HELP = 1000, VERSION };
    struct option longs[GB_ARRAY_LEN(table) + 3] = {{0}};
    struct options o = {.server = "127.0.0.1",
                        .api_port = "8440",
                        .enroll_port = "8441",
                        .nodes = 100,
                        .files = 10000,
                        .first = 100,
                        .entries = 10,
                        .rounds = 10,
                        .threads = 8};
    size_t n = GB_ARRAY_LEN(table);
    for (size_t i = 0; i < n; i++)
        longs[i] = (struct option){table[i].name, table[i].kind != FLAG, NULL, (int)i};
    longs[n] = (struct option){"help", 0, NULL, HELP};
    longs[n + 1] = (struct option){"version", 0, NULL, VERSION};
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (c == HELP || c == VERSION) {
            if (c == HELP)
                help();
            else
                printf("garboard-load %s\n", GARBOARD_VERSION);
            return 1;
        }
        if (c < 0 || (size_t)c >= n)
            return gb_err_set(err, GB_ERR_CONFIG, "see --help");
        int r = set(&o, (size_t)c, optarg, err);
        if (r < 0)
            return r;
    }
    if (optind + 1 == argc)
        o.command = argv[optind];
    *ret_options = o;
    return check(&o, err);
}
