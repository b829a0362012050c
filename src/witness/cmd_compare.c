/* Whether two signed checkpoints are of one tree: pure files. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/conf.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"
#include "ledger/fork_proof.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "os/file.h"
#include "witness/cmds.h"
#include "witness/config.h"

static const char usage[] =
    "compare [--config FILE | --log VKEY]... [--proof FILE] CHECKPOINT CHECKPOINT\n"
    "  A file that begins with \"old\" is a request to a witness, and brings its own proof.";

struct comparison {
    struct gb_arena *arena;
    struct digester *digester;
    struct note_key keys[GB_LIMIT_CONF_ITEMS];
    size_t key_count;
    struct checkpoint heads[2];   /* the smaller one first */
    struct add_checkpoint *proof; /* NULL: none */
};

static int add_key(struct comparison *with, const char *vkey, struct gb_err *err)
{
    if (with->key_count == GB_LIMIT_CONF_ITEMS)
        return gb_err_set(err, GB_ERR_LIMIT, "too many keys");
    int r = note_key_read(with->digester, gb_bytes_str(vkey), &with->keys[with->key_count], err);
    with->key_count += r == GB_OK;
    return r;
}

static int add_keys_of(struct comparison *with, const char *path, struct gb_err *err)
{
    struct witness_config config;
    int r = witness_config_read(with->arena, path, &config, err);
    for (size_t i = 0; r == GB_OK && i < config.logs.count; i++)
        r = add_key(with, config.logs.items[i], err);
    return r;
}

static int keep_proof(struct comparison *with, const struct add_checkpoint *ask, struct gb_err *err)
{
    with->proof = gb_arena_new_one(with->arena, struct add_checkpoint);
    if (!with->proof)
        return gb_err_nomem(err);
    *with->proof = *ask;
    return GB_OK;
}

static int open_head(struct comparison *with, struct gb_bytes note, struct checkpoint *ret_head,
                     struct gb_err *err)
{
    const struct checkpoint_trust trust = {.keys = with->keys, .key_count = with->key_count};
    struct checkpoint_opened opened;
    int r = checkpoint_open(with->arena, &trust, note, &opened, err);
    if (r == GB_OK && opened.fault)
        return gb_err_set(err, GB_ERR_INPUT, "%s%s%s", opened.fault, opened.whose ? ": " : "",
                          opened.whose ? opened.whose : "");
    if (r == GB_OK)
        *ret_head = opened.head;
    return r;
}

static int read_head(struct comparison *with, const char *path, struct checkpoint *ret_head,
                     struct gb_err *err)
{
    struct gb_bytes text;
    struct add_checkpoint ask;
    int r = file_read(with->arena, path, GB_LIMIT_NOTE, &text, err);
    if (r < 0)
        return r;
    if (gb_bytes_starts(text, gb_bytes_str("old "))) {
        r = add_checkpoint_read(with->arena, text, &ask, err);
        if (r == GB_OK)
            r = keep_proof(with, &ask, err);
        text = ask.note;
    }
    if (r == GB_OK)
        r = open_head(with, text, ret_head, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", path);
    return r;
}

/* Lines of hashes: the same as in a request, whose other parts are put around it. */
static int read_proof(struct comparison *with, const char *path, struct gb_err *err)
{
    struct gb_bytes text;
    struct add_checkpoint ask;
    int r = file_read(with->arena, path, GB_LIMIT_NOTE, &text, err);
    if (r < 0)
        return r;
    const char *request =
        gb_arena_printf(with->arena, "old 0\n%.*s\n-\n", (int)text.len, (const char *)text.data);
    r = request ? add_checkpoint_read(with->arena, gb_bytes_str(request), &ask, err)
                : gb_err_nomem(err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", path);
    return r < 0 ? r : keep_proof(with, &ask, err);
}

static int say(int code, const struct comparison *with, const char *what)
{
    printf("%s: %.*s, sizes %" PRIu64 " and %" PRIu64 "\n", what, (int)with->heads[0].origin.len,
           (const char *)with->heads[0].origin.data, with->heads[0].size, with->heads[1].size);
    return fflush(stdout) == 0 ? code : CMDS_SYSTEM;
}

static int judge(const struct comparison *with, int *ret_code, struct gb_err *err)
{
    static const struct add_checkpoint no_proof;
    const struct checkpoint *a = &with->heads[0], *b = &with->heads[1];
    const struct add_checkpoint *proof = a->size < b->size && with->proof ? with->proof : &no_proof;
    bool grows = false, forked = false;
    int r = merkle_verify_growth(with->digester, a->size, b->size, a->root, b->root, proof->proof,
                                 proof->proof_count, &grows);
    if (r == 0)
        r = fork_proof_holds(with->digester, a->size, b->size, a->root, b->root, proof->proof,
                             proof->proof_count, &forked);
    if (r < 0)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    if (grows)
        *ret_code = say(CMDS_OK, with, "one tree");
    else if (forked)
        *ret_code = say(CMDS_FORK, with, "FORK: one key signed two trees");
    else if (!with->proof)
        *ret_code = say(CMDS_UNKNOWN, with, "different sizes, and no --proof: cannot be told");
    else
        *ret_code = say(CMDS_UNKNOWN, with, "the proof does not hold, and proves no fork either");
    return GB_OK;
}

static int compare(struct comparison *with, char *const *paths, int *ret_code, struct gb_err *err)
{
    int r = read_head(with, paths[0], &with->heads[0], err);
    if (r == GB_OK)
        r = read_head(with, paths[1], &with->heads[1], err);
    if (r < 0)
        return r;
    if (!gb_bytes_equal(with->heads[0].origin, with->heads[1].origin))
        return gb_err_set(err, GB_ERR_CONFIG, "these are checkpoints of two logs");
    if (with->heads[0].size > with->heads[1].size) {
        struct checkpoint larger = with->heads[0];
        with->heads[0] = with->heads[1];
        with->heads[1] = larger;
    }
    return judge(with, ret_code, err);
}

/* False: wrong usage. */
static bool read_options(int argc, char **argv, struct comparison *with, int *ret_result,
                         struct gb_err *err)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"log", required_argument, NULL, 'l'},
                                            {"proof", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    bool named = false;
    int r = GB_OK;
    for (int c; r == GB_OK && (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c == 'c')
            r = add_keys_of(with, optarg, err);
        else if (c == 'l')
            r = add_key(with, optarg, err);
        else if (c == 'p')
            r = read_proof(with, optarg, err);
        else
            return false;
        named = named || c != 'p';
    }
    if (r == GB_OK && !named)
        r = add_keys_of(with, WITNESS_CONF_PATH, err);
    *ret_result = r;
    return r < 0 || optind + 2 == argc;
}

int cmd_compare(int argc, char **argv)
{
    if (cmds_help(argc, argv, usage))
        return CMDS_OK;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct comparison *with = arena ? gb_arena_new_one(arena, struct comparison) : NULL;
    struct gb_err err = {0};
    int code = CMDS_SYSTEM;
    if (!with || digester_new(&digester, &err) < 0)
        return CMDS_SYSTEM;
    with->arena = arena;
    with->digester = digester;
    int r = GB_OK;
    if (!read_options(argc, argv, with, &r, &err))
        return cmds_usage(usage);
    if (r == GB_OK)
        r = compare(with, argv + optind, &code, &err);
    return r < 0 ? cmds_fail(&err) : code;
}
