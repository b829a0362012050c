#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "ledger/note.h"
#include "os/file.h"
#include "witness/cmds.h"
#include "witness/config.h"

static const char usage[] = "add-log [--config FILE] VKEY";

/* A log's key, and not one of them already. */
static int check(const struct witness_config *config, const char *vkey, struct note_key *ret_key,
                 struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = note_key_read(digester, gb_bytes_str(vkey), ret_key, err);
    if (r < 0)
        return r;
    if (ret_key->kind != NOTE_ED25519)
        return gb_err_set(err, GB_ERR_CONFIG, "this is a witness' key, not a log's");
    for (size_t i = 0; i < config->logs.count; i++)
        if (strcmp(config->logs.items[i], vkey) == 0)
            return gb_err_set(err, GB_ERR_CONFIG, "this key is there already");
    if (config->logs.count >= GB_LIMIT_CONF_ITEMS)
        return gb_err_set(err, GB_ERR_LIMIT, "there are %d logs already", GB_LIMIT_CONF_ITEMS);
    return GB_OK;
}

static int add(struct gb_arena *arena, const char *path, const char *vkey, struct note_key *ret_key,
               struct gb_err *err)
{
    struct witness_config config = {0};
    struct gb_bytes text = {0};
    int r = witness_config_read(arena, path, &config, err);
    if (r == GB_OK)
        r = check(&config, vkey, ret_key, err);
    if (r == GB_OK)
        r = file_read(arena, path, GB_LIMIT_CONF, &text, err);
    if (r < 0)
        return r;
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_CONF);
    gb_buf_add(&out, text.data, text.len);
    if (text.len > 0 && text.data[text.len - 1] != '\n')
        gb_buf_puts(&out, "\n");
    gb_buf_printf(&out, "log = %s\n", vkey);
    if (!gb_buf_ok(&out))
        return gb_err_set(err, GB_ERR_LIMIT, "%s would become too long", path);
    return file_write(path, gb_buf_bytes(&out), err);
}

int cmd_add_log(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    const char *path = WITNESS_CONF_PATH;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c != 'c')
            return cmds_usage(usage);
        path = optarg;
    }
    if (optind + 1 != argc)
        return cmds_usage(usage);
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct note_key key = {0};
    struct gb_err err = {0};
    int r = arena ? add(arena, path, argv[optind], &key, &err) : gb_err_nomem(&err);
    if (r < 0)
        return cmds_fail(&err);
    printf("%s is witnessed once the program reads %s again:\n"
           "  systemctl reload garboard-witness\n",
           key.name, path);
    return CMDS_OK;
}
