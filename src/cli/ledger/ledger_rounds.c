#include "cli/ledger/ledger_rounds.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/map.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_nodes.h"
#include "cli/ledger/ledger_quote.h"
#include "cli/ledger/ledger_seen.h"
#include "crypto/digest.h"
#include "evidence/tpm_wire.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "wire/json.h"

/* A quote's leaf is found by node and digest, which stand first in it. */
enum { KEY = ROUNDS_NODE + 32 };

/* How far a leaf's time may stand from its minute: nonces live 30 days at most (garboardd.conf), a
 * clock that was set back by no more than five minutes is nobody's lie. Seconds. */
enum { OLDEST = 31 * 86400, CLOCK = 5 * 60 };

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
        .arena = arena,
        .dir = dir,
        .quotes = quotes,
        .nodes = {.arena = arena},
        .sealed_s = -1,
        .from_s = -1,
        .quotes_from_s = -1,
    };
    struct stat st;
    if (dir && (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)))
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "%s: no folder of minute files: name it by --rounds-dir, or copy it by "
                          "ledger export --rounds",
                          dir);
    rounds->minute = gb_arena_new();
    return rounds->minute && dir ? digester_new(&rounds->digester, err) : gb_err_nomem(err);
}

void ledger_rounds_done(struct ledger_rounds *rounds)
{
    gb_arena_free(rounds->minute);
    digester_free(rounds->digester);
    ledger_seen_done(&rounds->seen);
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
    if (rounds->fault) /* the first one stands */
        return GB_OK;
    gb_clock_text(minute->sealed.minute_s, text);
    rounds->fault = gb_arena_printf(rounds->arena, "minute %s: %s", text, what);
    return rounds->fault ? GB_OK : gb_err_nomem(err);
}

static int fault_of(struct ledger_rounds *rounds, const struct minute *minute, const uint8_t *node,
                    const char *what, struct gb_err *err)
{
    char hex[2 * ROUNDS_NODE + 1];
    gb_hex_encode(gb_bytes(node, ROUNDS_NODE), hex);
    const char *text = gb_arena_printf(rounds->arena, "node %s: %s", hex, what);
    return text ? fault(rounds, minute, text, err) : gb_err_nomem(err);
}

/* Leaves whose time cannot be: their minute was made up, or they were. */
static int judge_leaves(struct ledger_rounds *rounds, const struct minute *minute,
                        struct gb_err *err)
{
    int64_t at = minute->sealed.minute_s;
    for (size_t i = 0; i < minute->sealed.count; i++) {
        struct rounds_leaf leaf;
        if (rounds_leaf_read(gb_bytes(minute->leaves.data + i * ROUNDS_LEAF, ROUNDS_LEAF), &leaf,
                             NULL) < 0)
            return fault(rounds, minute, "a leaf that is none", err);
        if (leaf.verified_at_s > (uint64_t)(at + 60 + CLOCK) ||
            leaf.verified_at_s + OLDEST < (uint64_t)at)
            return fault_of(rounds, minute, leaf.node,
                            "the time of its attestation is far from the minute", err);
    }
    return GB_OK;
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
    if (rounds->minutes++ == 0)
        rounds->from_s = minute->sealed.minute_s;
    rounds->leaves += minute->sealed.count;
    return judge_leaves(rounds, minute, err);
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
static int judge_keys(struct ledger_rounds *rounds, const struct minute *minute,
                      const struct rounds_quote *quote, const struct ledger_node *node,
                      const char **ret_fault, struct gb_err *err)
{
    int r =
        ledger_quote_judge(rounds->minute, rounds->digester, quote, &node->last, ret_fault, err);
    bool again =
        node->before.ak_public.len > 0 && node->last.at_ms >= minute->sealed.minute_s * 1000;
    if (r == GB_OK && *ret_fault && again)
        r = ledger_quote_judge(rounds->minute, rounds->digester, quote, &node->before, ret_fault,
                               err);
    return r;
}

/* A TPM's counts and clock only go up. garboardd judges a node whose did not untrusted, and goes on
 * from there. */
static void judge_clock(struct ledger_node *node, const struct rounds_quote *quote, bool trusted,
                        const char **ret_fault)
{
    struct tpm_attest attest;
    if (tpm_attest_read_header(quote->attest, &attest, NULL) < 0)
        return;
    if (trusted && node->clocked &&
        (attest.reset_count < node->reset_count ||
         (attest.reset_count == node->reset_count && attest.clock_ms < node->clock_ms)))
        *ret_fault = "a quote whose TPM clock or reset count goes back";
    node->clocked = true;
    node->reset_count = attest.reset_count;
    node->clock_ms = attest.clock_ms;
}

static int judge_quote(struct ledger_rounds *rounds, const struct minute *minute,
                       const struct rounds_quote *quote, bool trusted, const char **ret_fault,
                       struct gb_err *err)
{
    struct ledger_node *node = ledger_nodes_find(&rounds->nodes, quote->node);
    int64_t at_s = (int64_t)quote->issued_s; /* the leaf's: near its minute */
    if (!node)
        *ret_fault = "a quote of a node that never enrolled";
    else if (at_s + CLOCK < node->first_ms / 1000)
        *ret_fault = "a quote from before the node enrolled";
    else if (node->removed_ms > 0 && at_s > node->removed_ms / 1000 + CLOCK)
        *ret_fault = "a quote from after the node was removed";
    if (*ret_fault)
        return GB_OK;
    int r = judge_keys(rounds, minute, quote, node, ret_fault, err);
    if (r == GB_OK && !*ret_fault)
        judge_clock(node, quote, trusted, ret_fault);
    return r;
}

/* Each quote and each nonce once in the whole ledger. */
static int judge_new(struct ledger_rounds *rounds, const struct rounds_quote *quote,
                     const uint8_t digest[32], const char **ret_fault, struct gb_err *err)
{
    uint8_t nonce[32];
    if (digest_of(rounds->digester, DIGEST_SHA256, quote->nonce, nonce) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    int r = ledger_seen_add(&rounds->seen, digest, err);
    if (r == 1)
        *ret_fault = "a quote that came before";
    if (r != 0)
        return r < 0 ? r : GB_OK;
    r = ledger_seen_add(&rounds->seen, nonce, err);
    if (r == 1)
        *ret_fault = "a quote over a nonce that was answered before";
    return r < 0 ? r : GB_OK;
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
        r = judge_new(rounds, quote, minute->keys + leaf * KEY + ROUNDS_NODE, &what, err);
    if (r == GB_OK && !what)
        r = judge_quote(rounds, minute, quote, minute->leaves.data[(leaf + 1) * ROUNDS_LEAF - 1],
                        &what, err);
    if (r < 0 || what)
        return r < 0 ? r : fault_of(rounds, minute, quote->node, what, err);
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
            return fault_of(rounds, minute, leaf.node, "a node was trusted without a quote", err);
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
        return rounds->quotes_from_s < 0
                   ? GB_OK
                   : fault(rounds, minute, "its quotes are gone though older ones are kept", err);
    }
    if (r == GB_OK && rounds->quotes_from_s < 0)
        rounds->quotes_from_s = minute->sealed.minute_s;
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
    if (minute.sealed.minute_s <= rounds->sealed_s)
        return fault(rounds, &minute, "it does not follow the minute that was sealed before it",
                     err);
    rounds->sealed_s = minute.sealed.minute_s;
    int r = ledger_rounds_leaves(rounds->minute, rounds->dir, minute.sealed.minute_s,
                                 &minute.leaves, err);
    if (r == GB_ERR_NOTFOUND) {
        rounds->minutes_gone++;
        return rounds->minutes == 0
                   ? GB_OK
                   : fault(rounds, &minute, "its leaves are gone though older ones are kept", err);
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
    bool knows = rounds->quotes && (ledger_rounds_may_be(line, ENTRY_NODE_ENROL) ||
                                    ledger_rounds_may_be(line, ENTRY_NODE_REMOVE));
    if (rounds->fault || (!knows && !ledger_rounds_may_be(line, ENTRY_ROUNDS)))
        return GB_OK;
    rounds->index = index;
    int r = entry_read(line, &entry, NULL, &tree, err);
    if (r == GB_ERR_INPUT || r == GB_ERR_LIMIT) {
        rounds->fault = "an entry that is none of Garboard's";
        return GB_OK;
    }
    if (r == GB_OK && entry.what == ENTRY_NODE_ENROL)
        r = ledger_nodes_enrol(&rounds->nodes, &entry, &rounds->fault, err);
    else if (r == GB_OK && entry.what == ENTRY_NODE_REMOVE)
        ledger_nodes_remove(&rounds->nodes, &entry);
    else if (r == GB_OK && entry.what == ENTRY_ROUNDS)
        r = take_minute(rounds, &entry, err);
    return r;
}

int ledger_rounds_end(struct ledger_rounds *rounds, struct gb_err *err)
{
    const struct minute newest = {.sealed.minute_s = rounds->sealed_s};
    if (rounds->fault || rounds->sealed_s < 0)
        return GB_OK;
    if (rounds->minutes == 0)
        return fault(rounds, &newest, "no leaves are kept, up to this one: nothing was checked",
                     err);
    if (rounds->quotes && rounds->quotes_from_s < 0)
        return fault(rounds, &newest, "no quotes are kept, up to this one: none was proven", err);
    return GB_OK;
}
