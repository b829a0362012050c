#include "cli/ledger/ledger_keys.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "os/file.h"

enum { KEYS_MAX = 64 }; /* of one option; a fleet of witnesses is a dozen */

struct keys {
    struct note_key list[KEYS_MAX];
    size_t count;
};

static int add(struct digester *digester, struct gb_bytes vkey, struct keys *keys,
               struct gb_err *err)
{
    if (keys->count == KEYS_MAX)
        return gb_err_set(err, GB_ERR_CONFIG, "more than %d keys", KEYS_MAX);
    int r = note_key_read(digester, vkey, &keys->list[keys->count], err);
    if (r == GB_OK)
        keys->count++;
    return r;
}

/* One key a line; empty lines and what follows a "#" in front are ignored. */
static int add_file(struct gb_arena *arena, struct digester *digester, const char *path,
                    struct keys *keys, struct gb_err *err)
{
    struct gb_bytes bytes;
    struct gb_lines lines;
    struct gb_bytes text;
    int r = file_read(arena, path, GB_LIMIT_NOTE, &bytes, err);
    gb_lines_init(&lines, r < 0 ? gb_bytes(NULL, 0) : bytes);
    while (r == GB_OK && gb_lines_next(&lines, &text)) {
        text = gb_text_trim(text);
        if (text.len == 0 || text.data[0] == '#')
            continue;
        r = add(digester, text, keys, err);
        if (r < 0)
            gb_err_prefix(err, "%s: line %zu: ", path, lines.line);
    }
    return r;
}

/* A verifier key has two "+" and a path to a file that exists has none, or is one. */
static int add_value(struct gb_arena *arena, struct digester *digester, const char *value,
                     struct keys *keys, struct gb_err *err)
{
    const char *plus = strchr(value, '+');
    struct keys before = *keys;
    if (plus && strchr(plus + 1, '+')) {
        int r = add(digester, gb_bytes_str(value), keys, err);
        if (r == GB_OK)
            return r;
        *keys = before;
    }
    return add_file(arena, digester, value, keys, err);
}

static int read_option(const struct cmd_line *line, struct gb_arena *arena, const char *name,
                       struct digester *digester, struct keys *keys, struct gb_err *err)
{
    size_t at = 0;
    for (const char *value; (value = cmd_next(line, name, &at));) {
        int r = add_value(arena, digester, value, keys, err);
        if (r < 0) {
            gb_err_prefix(err, "--%s: ", name);
            return r;
        }
    }
    return GB_OK;
}

static int read_quorum(const struct cmd_line *line, size_t witnesses, size_t *ret_quorum,
                       struct gb_err *err)
{
    const char *value = cmd_value(line, "quorum");
    uint64_t quorum = witnesses;
    if (value && !gb_text_u64(gb_bytes_str(value), KEYS_MAX, &quorum))
        return gb_err_set(err, GB_ERR_CONFIG, "--quorum is a number of witnesses, not \"%s\"",
                          value);
    if (quorum > witnesses)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "--quorum %llu, but %zu witnesses are named: add --witness",
                          (unsigned long long)quorum, witnesses);
    *ret_quorum = (size_t)quorum;
    return GB_OK;
}

int ledger_keys_read(const struct cmd_line *line, struct gb_arena *arena,
                     struct checkpoint_trust *ret_trust, struct gb_err *err)
{
    struct keys *keys = gb_arena_new_one(arena, struct keys);
    struct keys *witnesses = gb_arena_new_one(arena, struct keys);
    size_t quorum = 0;
    if (!keys || !witnesses)
        return gb_err_nomem(err);
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = read_option(line, arena, "key", digester, keys, err);
    if (r == GB_OK && keys->count == 0)
        r = gb_err_set(err, GB_ERR_CONFIG,
                       "whose ledger is it? Name its verifier key with --key: it stands in "
                       "/etc/garboard/ledger.vkey of the server's host, and is no secret");
    if (r == GB_OK)
        r = read_option(line, arena, "witness", digester, witnesses, err);
    if (r == GB_OK)
        r = read_quorum(line, witnesses->count, &quorum, err);
    if (r < 0)
        return r;
    *ret_trust = (struct checkpoint_trust){.keys = keys->list,
                                           .key_count = keys->count,
                                           .witnesses = witnesses->list,
                                           .witness_count = witnesses->count,
                                           .quorum = quorum};
    return GB_OK;
}
