#include <getopt.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/note.h"
#include "os/file.h"
#include "witness/cmds.h"
#include "witness/config.h"

static const char usage[] =
    "add-log [--config FILE] VKEY...\n"
    "  A VKEY may be several lines, as ledger.vkey has while its key is changed.";

/* Keys as they were given, one after another. */
struct adding {
    struct gb_arena *arena;
    const char *path;
    struct witness_config config; /* as it is in the file */
    struct gb_buf out;            /* as it becomes; owned */
    size_t added;
};

static int check(const struct adding *a, struct gb_bytes vkey, struct note_key *ret_key,
                 struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = note_key_read(digester, vkey, ret_key, err);
    if (r < 0)
        return r;
    if (ret_key->kind != NOTE_ED25519)
        return gb_err_set(err, GB_ERR_CONFIG, "this is a witness' key, not a log's");
    if (a->config.logs.count + a->added >= GB_LIMIT_CONF_ITEMS)
        return gb_err_set(err, GB_ERR_LIMIT, "there are %d logs already", GB_LIMIT_CONF_ITEMS);
    return GB_OK;
}

static bool is_known(const struct adding *a, struct gb_bytes vkey)
{
    for (size_t i = 0; i < a->config.logs.count; i++)
        if (gb_bytes_is(vkey, a->config.logs.items[i]))
            return true;
    return false;
}

static int add_key(struct adding *a, struct gb_bytes vkey, struct gb_err *err)
{
    struct note_key key = {0};
    int r = check(a, vkey, &key, err);
    if (r < 0)
        return r;
    if (is_known(a, vkey)) {
        printf("%s: this key is there already\n", key.name);
        return GB_OK;
    }
    a->added++;
    gb_buf_printf(&a->out, "log = %.*s\n", (int)vkey.len, (const char *)vkey.data);
    printf("%s is witnessed once the program reads %s again:\n"
           "  systemctl reload garboard-witness\n",
           key.name, a->path);
    return GB_OK;
}

static int add_lines(struct adding *a, const char *text, struct gb_err *err)
{
    struct gb_lines lines;
    struct gb_bytes line;
    int r = GB_OK;
    gb_lines_init(&lines, gb_bytes_str(text));
    while (r == GB_OK && gb_lines_next(&lines, &line)) {
        line = gb_text_trim(line);
        if (line.len > 0)
            r = add_key(a, line, err);
    }
    return r;
}

/* All of them or none. */
static int add(struct adding *a, char *const *vkeys, int count, struct gb_err *err)
{
    struct gb_bytes text = {0};
    int r = witness_config_read(a->arena, a->path, &a->config, err);
    if (r == GB_OK)
        r = file_read(a->arena, a->path, GB_LIMIT_CONF, &text, err);
    if (r < 0)
        return r;
    gb_buf_add(&a->out, text.data, text.len);
    if (text.len > 0 && text.data[text.len - 1] != '\n')
        gb_buf_puts(&a->out, "\n");
    for (int i = 0; r == GB_OK && i < count; i++)
        r = add_lines(a, vkeys[i], err);
    if (r < 0 || a->added == 0)
        return r;
    if (!gb_buf_ok(&a->out))
        return gb_err_set(err, GB_ERR_LIMIT, "%s would become too long", a->path);
    return file_write(a->path, gb_buf_bytes(&a->out), err);
}

int cmd_add_log(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct adding a = {.arena = arena, .path = WITNESS_CONF_PATH};
    struct gb_err err = {0};
    if (cmds_help(argc, argv, usage))
        return CMDS_OK;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c != 'c')
            return cmds_usage(usage);
        a.path = optarg;
    }
    if (optind >= argc)
        return cmds_usage(usage);
    gb_buf_init(&a.out, GB_LIMIT_CONF);
    int r = arena ? add(&a, argv + optind, argc - optind, &err) : gb_err_nomem(&err);
    gb_buf_done(&a.out);
    if (r < 0)
        return cmds_fail(&err);
    return fflush(stdout) == 0 ? CMDS_OK : CMDS_SYSTEM;
}
