/* Makes a witness that can start: its key, a TLS certificate that only it can use, its
 * configuration, its state; and says what logs must know of it. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "witness/cmds.h"
#include "witness/init.h"

static const char usage[] = "init --name NAME --dns NAME... [--dir DIR] [--state DIR]\n"
                            "                             [--listen ADDRESS] [--port PORT]";

static bool read_options(int argc, char **argv, struct init_plan *plan)
{
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"dns", required_argument, NULL, 'h'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"state", required_argument, NULL, 's'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"port", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    size_t count = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'n')
            plan->name = optarg;
        else if (c == 'h' && count < INIT_NAMES)
            plan->names[count++] = optarg;
        else if (c == 'd')
            plan->dir = optarg;
        else if (c == 's')
            plan->state = optarg;
        else if (c == 'l')
            plan->listen = optarg;
        else if (c != 'p' || !gb_text_u64(gb_bytes_str(optarg), 65535, &plan->port))
            return false;
    }
    return optind == argc && plan->name && count > 0;
}

/* Paths stand in the configuration: whoever starts the program is elsewhere. */
static int make_absolute(struct gb_arena *arena, const char **path, struct gb_err *err)
{
    char cwd[PATH_MAX];
    if (**path == '/')
        return GB_OK;
    if (!getcwd(cwd, sizeof cwd))
        return gb_err_sys(err, errno, "no working folder");
    *path = gb_arena_printf(arena, "%s/%s", cwd, *path);
    return *path ? GB_OK : gb_err_nomem(err);
}

static void tell(const struct init_plan *plan, const char *vkey)
{
    bool v6 = strchr(plan->names[0], ':') != NULL;
    printf("%s is made.\n\nIts verifier key, for whoever checks a ledger:\n  %s\n\n", plan->name,
           vkey);
    printf("1. Copy %s/ca.pem to each server that is to be witnessed, and have in its\n"
           "   garboardd.conf:\n"
           "     witness = %s https://%s%s%s:%" PRIu64 " /etc/garboard/witness-ca.pem\n",
           plan->dir, vkey, v6 ? "[" : "", plan->names[0], v6 ? "]" : "", plan->port);
    printf("2. Add each server's ledger key here (the line in its /etc/garboard/ledger.vkey):\n"
           "     garboard-witness add-log --config %s/witness.conf VKEY\n"
           "3. Start it:\n     systemctl enable --now garboard-witness\n",
           plan->dir);
    if (plan->user_missing)
        puts("\nThere is no user garboard-witness yet: make it (systemd-sysusers), and give it the "
             "state\nfolder and the two keys (chown garboard-witness).");
}

int cmd_init(int argc, char **argv)
{
    if (cmds_help(argc, argv, usage))
        return CMDS_OK;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct init_plan plan = {.dir = "/etc/garboard-witness",
                             .state = "/var/lib/garboard-witness",
                             .listen = "::",
                             .port = 8450};
    struct init_made made = {0};
    struct gb_err err = {0};
    if (!read_options(argc, argv, &plan))
        return cmds_usage(usage);
    int r = arena ? make_absolute(arena, &plan.dir, &err) : gb_err_nomem(&err);
    if (r == GB_OK)
        r = make_absolute(arena, &plan.state, &err);
    if (r == GB_OK)
        r = init_make(arena, &plan, &made, &err);
    if (r == GB_OK)
        r = init_write(arena, &plan, &made, &err);
    init_wipe(&made);
    if (r < 0)
        return cmds_fail(&err);
    tell(&plan, made.vkey);
    return fflush(stdout) == 0 ? CMDS_OK : CMDS_SYSTEM;
}
