#include <getopt.h>
#include <stdio.h>

#include "base/encode.h"
#include "witness/cmds.h"
#include "witness/config.h"
#include "witness/forks.h"

static const char usage[] = "forks [--config FILE]";

enum { SHOWN = 512, OUT_MAX = 1 << 20 };

static int show(struct gb_arena *arena, const char *path, size_t *ret_count, struct gb_err *err)
{
    struct witness_config config;
    struct forks_kept *kept = NULL;
    size_t count = 0;
    int r = witness_config_read(arena, path, &config, err);
    if (r == GB_OK)
        r = forks_list(arena, config.state, &kept, &count, err);
    for (size_t i = 0; r == GB_OK && i < count; i++) {
        struct gb_bytes why = kept[i].why;
        if (why.len > 0 && why.data[why.len - 1] == '\n')
            why.len--;
        const char *shown = gb_text_escape(arena, why, SHOWN);
        printf("%s\n  %s.signed   what was co-signed here\n"
               "  %s.refused  what does not grow from it\n",
               shown ? shown : "?", kept[i].name, kept[i].name);
    }
    *ret_count = count;
    return r;
}

int cmd_forks(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    const char *path = WITNESS_CONF_PATH;
    if (cmds_help(argc, argv, usage))
        return CMDS_OK;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c != 'c')
            return cmds_usage(usage);
        path = optarg;
    }
    if (optind != argc)
        return cmds_usage(usage);
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_err err = {0};
    size_t count = 0;
    int r = arena ? show(arena, path, &count, &err) : gb_err_nomem(&err);
    if (r < 0)
        return cmds_fail(&err);
    if (count == 0)
        puts("no log forked");
    return fflush(stdout) != 0 ? CMDS_SYSTEM : count > 0 ? CMDS_FORK : CMDS_OK;
}
