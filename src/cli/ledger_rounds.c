#include "cli/ledger_rounds.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "cli/cmd.h"
#include "cli/ledger_nodes.h"
#include "cli/ledger_quote.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "wire/json.h"

/* A quote's leaf is found by node and digest, which stand first in it. */
enum { KEY = ROUNDS_NODE + 32 };

const char *ledger_rounds_dir(const struct cmd_line *line, struct gb_arena *arena)
{
    const char *given = cmd_value(line, "rounds-dir");
    const char *ledger = ledger_rounds_ledger(line, arena);
    return given || !ledger ? given : gb_arena_printf(arena, "%s/../rounds", ledger);
}

const char *ledger_rounds_ledger(const struct cmd_line *line, struct gb_arena *arena)
{
    const char *given = line->args[0];
    const char *here = gb_arena_printf(arena, "%s/checkpoint", given);
    const char *below = gb_arena_printf(arena, "%s/ledger/checkpoint", given);
    if (!here || !below)
        return NULL;
    return access(here, F_OK) != 0 && access(below, F_OK) == 0
               ? gb_arena_printf(arena, "%s/ledger", given)
               : given;
}

int ledger_rounds_init(struct ledger_rounds *rounds, struct gb_arena *arena, const char *dir,
                       bool quotes, struct gb_err *err)
{
    *rounds = (struct ledger_rounds){
        .arena = arena, .dir = dir, .quotes = quotes, .nodes = {.arena = arena}};
    rounds->minute = gb_arena_new();
    return rounds->minute && dir ? digester_new(&rounds->digester, err) : gb_err_nomem(err);
}

void ledger_rounds_done(struct ledger_rounds *rounds)
{
    gb_arena_free(rounds->minute);
    digester_free(rounds->digester);
}

bool ledger_rounds_may_be(struct gb_bytes entry, enum entry_what what)
{
    static const char before[] = "{\"v\":1,\"at\":\"2026-11-29T01:02:03.456Z\",\"what\":\"";
    const char *word = entry_word(what);
    size_t at = sizeof before - 1;
    return entry.len > at && gb_bytes_starts(gb_bytes_from(entry, at), gb_bytes_str(word));
}

int ledger_rounds_leaves(struct gb_arena *arena, const char *dir, int64_t minute_s,
                         struct gb_bytes *ret_leaves, struct gb_err *err)
{
    char name[ROUNDS_PATH];
    rounds_path(minute_s, name);
    const char *path = gb_arena_printf(arena, "%s/%s.leaves", dir, name);
    return path ? file_read(arena, path, GB_LIMIT_ROUNDS, ret_leaves, err) : gb_err_nomem(err);
}

/* One sealed minute. */
struct minute {
    struct rounds_sealed sealed;
    struct gb_bytes leaves;
    uint8_t *keys;     /* KEY bytes a leaf */
    struct gb_map map; /* of keys to leaves */
    bool *has_quote;   /* by leaf */
};

static int fault(struct ledger_rounds *rounds, const struct minute *minute, const char *what,
                 struct gb_err *err)
{
    char text[GB_CLOCK_TEXT];
    gb_clock_text(minute->sealed.minute_s, text);
    rounds->fault = gb_arena_printf(rounds->arena, "minute %s: %s", text, what);
    return rounds->fault ? GB_OK : gb_err_nomem(err);
}

static int compare_root(struct ledger_rounds *rounds, const struct minute *minute,
                        struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    if (minute->leaves.len != minute->sealed.count * ROUNDS_LEAF)
        return fault(rounds, minute, "the file has not the number of leaves that was sealed", err);
    int r = rounds_root(rounds->digester, minute->leaves, root, err);
    if (r < 0)
        return r;
    if (memcmp(root, minute->sealed.root, MERKLE_HASH) != 0)
        return fault(rounds, minute, "the leaves do not give the root that was sealed", err);
    rounds->minutes++;
    rounds->leaves += minute->sealed.count;
    return GB_OK;
}

/* --- quotes --- */

static int index_leaves(struct ledger_rounds *rounds, struct minute *minute, struct gb_err *err)
{
    size_t count = (size_t)minute->sealed.count;
    minute->keys = gb_arena_alloc_raw(rounds->minute, count, KEY);
    minute->has_quote = gb_arena_new_array(rounds->minute, bool, count);
    if (!minute->keys || !minute->has_quote)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++)
        memcpy(minute->keys + i * KEY, minute->leaves.data + i * ROUNDS_LEAF, KEY);
    return gb_map_build(rounds->minute, minute->keys, KEY, count, 0, &minute->map)
               ? GB_OK
               : gb_err_nomem(err);
}

/* The leaf that a kept quote speaks of, or -1. */
static int find_leaf(struct ledger_rounds *rounds, const struct minute *minute,
                     const struct rounds_quote *quote, int64_t *ret_leaf, struct gb_err *err)
{
    uint8_t key[KEY];
    struct rounds_leaf leaf;
    memcpy(key, quote->node, ROUNDS_NODE);
    if (digest_of(rounds->digester, DIGEST_SHA256, quote->attest, key + ROUNDS_NODE) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    int64_t at = gb_map_find(&minute->map, key);
    if (at >= 0 && (rounds_leaf_read(gb_bytes(minute->leaves.data + at * ROUNDS_LEAF, ROUNDS_LEAF),
                                     &leaf, NULL) < 0 ||
                    leaf.verified_at_s != quote->issued_s))
        at = -1;
    *ret_leaf = at;
    return GB_OK;
}

/* By the keys that the node enrolled with last; who enrolled again while the minute went on had
 * others at its beginning. */
static int judge_quote(struct ledger_rounds *rounds, const struct minute *minute,
                       const struct rounds_quote *quote, const char **ret_fault, struct gb_err *err)
{
    const struct ledger_node *node = ledger_nodes_find(&rounds->nodes, quote->node);
    if (!node) {
        *ret_fault = "a quote of a node that never enrolled";
        return GB_OK;
    }
    int r =
        ledger_quote_judge(rounds->minute, rounds->digester, quote, &node->last, ret_fault, err);
    bool again =
        node->before.ak_public.len > 0 && node->last.at_ms >= minute->sealed.minute_s * 1000;
    if (r == GB_OK && *ret_fault && again)
        r = ledger_quote_judge(rounds->minute, rounds->digester, quote, &node->before, ret_fault,
                               err);
    return r;
}

static int take_quote(struct ledger_rounds *rounds, const struct minute *minute,
                      const struct rounds_quote *quote, struct gb_err *err)
{
    int64_t leaf = -1;
    const char *what = NULL;
    int r = find_leaf(rounds, minute, quote, &leaf, err);
    if (r == GB_OK && leaf < 0)
        what = "a quote that no leaf speaks of";
    else if (r == GB_OK)
        r = judge_quote(rounds, minute, quote, &what, err);
    if (r < 0 || what)
        return r < 0 ? r : fault(rounds, minute, what, err);
    minute->has_quote[leaf] = true;
    rounds->quotes_proven++;
    return GB_OK;
}

/* Whoever was trusted proved it by a quote. (A quote that did not verify is not kept: its leaf is
 * untrusted.) */
static int find_unproven(struct ledger_rounds *rounds, const struct minute *minute,
                         struct gb_err *err)
{
    for (size_t i = 0; i < minute->sealed.count; i++) {
        struct rounds_leaf leaf;
        if (rounds_leaf_read(gb_bytes(minute->leaves.data + i * ROUNDS_LEAF, ROUNDS_LEAF), &leaf,
                             NULL) < 0)
            return fault(rounds, minute, "a leaf that is none", err);
        if (leaf.trusted && !minute->has_quote[i])
            return fault(rounds, minute, "a node was trusted without a quote", err);
    }
    return GB_OK;
}

static int prove_quotes(struct ledger_rounds *rounds, struct minute *minute, struct gb_err *err)
{
    char name[ROUNDS_PATH];
    struct gb_bytes rest;
    struct rounds_quote quote;
    rounds_path(minute->sealed.minute_s, name);
    const char *path = gb_arena_printf(rounds->minute, "%s/%s.quotes", rounds->dir, name);
    int r = path ? file_read(rounds->minute, path, GB_LIMIT_ROUNDS, &rest, err) : gb_err_nomem(err);
    if (r == GB_ERR_NOTFOUND) {
        rounds->quotes_gone++;
        return GB_OK;
    }
    if (r == GB_OK)
        r = index_leaves(rounds, minute, err);
    while (r == GB_OK && !rounds->fault && (r = rounds_quote_next(&rest, &quote, err)) > 0)
        r = take_quote(rounds, minute, &quote, err);
    if (r == GB_ERR_INPUT || r == GB_ERR_LIMIT)
        return fault(rounds, minute, "its file of quotes is torn or no such file", err);
    return r == GB_OK && !rounds->fault ? find_unproven(rounds, minute, err) : r;
}

/* --- entries --- */

static int take_minute(struct ledger_rounds *rounds, const struct entry *entry, struct gb_err *err)
{
    struct minute minute = {0};
    gb_arena_reset(rounds->minute);
    if (rounds_sealed_read(entry->data, &minute.sealed, NULL) < 0) {
        rounds->fault = "an entry \"rounds\" that seals no minute";
        return GB_OK;
    }
    int r = ledger_rounds_leaves(rounds->minute, rounds->dir, minute.sealed.minute_s,
                                 &minute.leaves, err);
    if (r == GB_ERR_NOTFOUND) {
        rounds->minutes_gone++;
        return GB_OK;
    }
    if (r == GB_OK)
        r = compare_root(rounds, &minute, err);
    if (r == GB_OK && rounds->quotes && !rounds->fault)
        r = prove_quotes(rounds, &minute, err);
    return r;
}

int ledger_rounds_take(struct ledger_rounds *rounds, uint64_t index, struct gb_bytes line,
                       struct gb_err *err)
{
    struct entry entry;
    gb_cleanup(json_freep) struct json *tree = NULL;
    bool enrols = rounds->quotes && ledger_rounds_may_be(line, ENTRY_NODE_ENROL);
    if (rounds->fault || (!enrols && !ledger_rounds_may_be(line, ENTRY_ROUNDS)))
        return GB_OK;
    rounds->index = index;
    int r = entry_read(line, &entry, NULL, &tree, err);
    if (r == GB_ERR_INPUT || r == GB_ERR_LIMIT) {
        rounds->fault = "an entry that is none of Garboard's";
        return GB_OK;
    }
    if (r == GB_OK && entry.what == ENTRY_NODE_ENROL)
        r = ledger_nodes_enrol(&rounds->nodes, &entry, &rounds->fault, err);
    else if (r == GB_OK && entry.what == ENTRY_ROUNDS)
        r = take_minute(rounds, &entry, err);
    return r;
}
