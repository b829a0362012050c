#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_keys.h"
#include "cli/ledger/ledger_nodes.h"
#include "cli/ledger/ledger_rounds.h"
#include "cli/output.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/folder.h"
#include "ledger/merkle.h"
#include "ledger/proof.h"
#include "ledger/rounds.h"
#include "ledger/tiles.h"
#include "os/file.h"
#include "wire/json.h"

static const struct cmd_option options[] = {
    LEDGER_KEYS_OPTIONS,
    {"node", "ID", "prove an attestation of this node, not an entry", false, 0},
    {"at", "TIME", "the last one at this time, RFC 3339 (default: now)", false, 0},
    {"rounds-dir", "DIR", "the minute files (default: rounds beside the ledger)", false, 0},
    {"out", "FILE", "write the proof there (default: standard output)", false, 'o'},
    {NULL, NULL, NULL, false, 0},
};

struct proving {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct folder *folder; /* owned */
    struct digester *digester;
    struct checkpoint_trust trust;
    struct gb_bytes note;
    struct checkpoint_opened head;
    struct ledger_proof proof;
    struct ledger_proof_extra extra;
};

static int open_ledger(struct proving *p, struct gb_err *err)
{
    const char *ledger = ledger_rounds_ledger(p->line, p->arena);
    int r = ledger_keys_read(p->line, p->arena, &p->trust, err);
    if (r == GB_OK)
        r = digester_new(&p->digester, err);
    if (r == GB_OK)
        r = ledger ? folder_open(ledger, &p->folder, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = folder_checkpoint(p->folder, p->arena, &p->note, err);
    if (r == GB_OK)
        r = checkpoint_open(p->arena, &p->trust, p->note, &p->head, err);
    return r;
}

/* --- one attestation --- */

struct sealed_at {
    uint64_t index;
    struct rounds_sealed sealed;
};

/* The newest minutes last; older ones than these are not looked at for a node. */
enum { KEPT = 1440 };

struct minutes {
    struct sealed_at ring[KEPT];
    size_t count; /* seen in all */
};

/* No leaf of it was verified by then. Names never go down: after a clock that was wrong they run
 * ahead, and then a minute is sealed before its name has come. */
static bool is_later(const struct rounds_sealed *sealed, const struct entry *entry, int64_t at_s)
{
    enum { DOUBT_S = 900 };
    return sealed->minute_s > at_s + DOUBT_S && entry->at_ms / 1000 >= sealed->minute_s;
}

static int note_minute(struct minutes *minutes, uint64_t index, struct gb_bytes line, int64_t at_s,
                       struct gb_err *err)
{
    struct entry entry;
    struct sealed_at *at = &minutes->ring[minutes->count % KEPT];
    gb_cleanup(json_freep) struct json *tree = NULL;
    if (!ledger_rounds_may_be(line, ENTRY_ROUNDS))
        return GB_OK;
    int r = entry_read(line, &entry, NULL, &tree, err);
    if (r == GB_OK)
        r = rounds_sealed_read(entry.data, &at->sealed, err);
    if (r < 0 || is_later(&at->sealed, &entry, at_s))
        return r;
    at->index = index;
    minutes->count++;
    return GB_OK;
}

/* Every "rounds" entry up to that time. */
static int find_minutes(struct proving *p, int64_t at_s, struct minutes *minutes,
                        struct gb_err *err)
{
    uint64_t size = p->head.head.size;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    int r = arena ? GB_OK : gb_err_nomem(err);
    for (uint64_t tile = 0; r == GB_OK && tile * TILES_WIDTH < size; tile++) {
        const struct tiles_name name = {
            .entries = true, .index = tile, .width = tiles_width(size, 0, tile)};
        struct gb_bytes bundle;
        struct gb_bytes entries[TILES_WIDTH];
        gb_arena_reset(arena);
        r = folder_tile(p->folder, arena, &name, &bundle, err);
        if (r == GB_OK)
            r = tiles_bundle_read(bundle, name.width, entries, err);
        for (unsigned i = 0; r == GB_OK && i < name.width; i++)
            r = note_minute(minutes, tile * TILES_WIDTH + i, entries[i], at_s, err);
    }
    return r;
}

/* The node's last leaf up to that time in one minute; false when it has none there. */
static bool find_leaf(struct gb_bytes leaves, const uint8_t id[ROUNDS_NODE], int64_t at_s,
                      struct ledger_proof_extra *extra)
{
    for (size_t i = leaves.len / ROUNDS_LEAF; i-- > 0;) {
        struct rounds_leaf leaf;
        struct gb_bytes bytes = gb_bytes(leaves.data + i * ROUNDS_LEAF, ROUNDS_LEAF);
        if (rounds_leaf_read(bytes, &leaf, NULL) < 0 || memcmp(leaf.node, id, ROUNDS_NODE) != 0 ||
            leaf.verified_at_s > (uint64_t)at_s)
            continue;
        extra->leaf = bytes;
        extra->leaf_index = i;
        return true;
    }
    return false;
}

/* From the newest minute back to the one in which the node attested. */
static int find_attestation(struct proving *p, const uint8_t id[ROUNDS_NODE], int64_t at_s,
                            const struct minutes *minutes, struct gb_err *err)
{
    const char *dir = ledger_rounds_dir(p->line, p->arena);
    size_t oldest = minutes->count > KEPT ? minutes->count - KEPT : 0;
    for (size_t i = minutes->count; dir && i-- > oldest;) {
        const struct sealed_at *at = &minutes->ring[i % KEPT];
        struct gb_bytes leaves;
        int r = ledger_rounds_leaves(p->arena, dir, at->sealed.minute_s, &leaves, err);
        if (r == GB_ERR_NOTFOUND)
            continue;
        if (r < 0)
            return r;
        if (!find_leaf(leaves, id, at_s, &p->extra))
            continue;
        p->proof.index = at->index;
        return rounds_prove(p->digester, leaves, p->extra.leaf_index, &p->extra.leaf_inclusion,
                            err);
    }
    return gb_err_set(err, GB_ERR_NOTFOUND,
                      "no attestation of this node in %zu sealed minutes before that time, as far "
                      "as their files are kept",
                      minutes->count - oldest);
}

static int choose_attestation(struct proving *p, const uint8_t id[ROUNDS_NODE], int64_t at_s,
                              struct gb_err *err)
{
    struct minutes *minutes = gb_arena_new_one(p->arena, struct minutes);
    if (!minutes)
        return gb_err_nomem(err);
    int r = find_minutes(p, at_s, minutes, err);
    return r < 0 ? r : find_attestation(p, id, at_s, minutes, err);
}

/* --- the proof --- */

static int make(struct proving *p, struct gb_buf *out, struct gb_err *err)
{
    struct gb_buf extra;
    uint64_t size = p->head.head.size;
    struct merkle_source source = folder_source(p->folder, size);
    int r = folder_entry(p->folder, p->arena, p->proof.index, size, &p->extra.entry, err);
    if (r == GB_OK)
        r = merkle_prove_inclusion(p->digester, &source, p->proof.index, size, &p->proof.inclusion,
                                   err);
    if (r < 0)
        return r;
    gb_buf_init(&extra, GB_LIMIT_PROOF);
    ledger_proof_extra_write(&p->extra, &extra);
    p->proof.extra = gb_buf_bytes(&extra);
    p->proof.checkpoint = p->note;
    ledger_proof_write(&p->proof, out);
    bool ok = gb_buf_ok(&extra) && gb_buf_ok(out);
    gb_buf_done(&extra);
    return ok ? GB_OK : gb_err_nomem(err);
}

/* Nobody should hand out a proof that does not hold. */
static int judge(struct proving *p, const char **ret_fault, struct gb_err *err)
{
    uint8_t hash[MERKLE_HASH];
    struct ledger_proof_answer answer;
    if (merkle_leaf(p->digester, p->extra.entry, hash) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    int r = ledger_proof_judge(p->arena, p->digester, &p->proof, hash, &p->trust, &answer, err);
    if (r < 0)
        return r;
    *ret_fault = answer.fault;
    if (!answer.fault && p->extra.leaf.len > 0)
        r = ledger_proof_judge_leaf(p->digester, &p->extra, ret_fault, err);
    return r;
}

static int hand_out(struct proving *p, struct gb_err *err)
{
    struct gb_buf out;
    const char *fault = NULL;
    const char *path = cmd_value(p->line, "out");
    gb_buf_init(&out, GB_LIMIT_PROOF);
    int r = make(p, &out, err);
    if (r == GB_OK)
        r = judge(p, &fault, err);
    if (r == GB_OK && !fault)
        r = file_write(path ? path : "-", gb_buf_bytes(&out), err);
    gb_buf_done(&out);
    if (r < 0)
        return r;
    if (fault)
        fprintf(stderr, "garboard: %s: no proof: %s\n", p->line->args[0], fault);
    return fault ? CMD_CONTRAINDICATED : CMD_OK;
}

/* INDEX, or --node and --at; CMD_OK, CMD_USAGE or an error. */
static int choose(struct proving *p, struct gb_err *err)
{
    uint8_t id[ROUNDS_NODE];
    int64_t at_s = gb_clock_s();
    const char *node = cmd_value(p->line, "node");
    const char *at = cmd_value(p->line, "at");
    bool by_index = p->line->arg_count > 1;
    if (by_index == (node != NULL) || (at && !node))
        return output_usage(p->line, "name an entry's INDEX, or a node with --node (and --at)");
    if (by_index && !gb_text_u64(gb_bytes_str(p->line->args[1]), MERKLE_SIZE_MAX, &p->proof.index))
        return output_usage(p->line, "an entry's INDEX is a number from 0, not \"%s\"",
                            p->line->args[1]);
    if (node && !ledger_nodes_id(gb_bytes_str(node), id))
        return output_usage(p->line, "--node is a node's id (a UUID), not \"%s\"", node);
    if (at && !gb_clock_parse(gb_bytes_str(at), &at_s))
        return output_usage(p->line, "--at is like 2026-11-20T21:30:00Z, not \"%s\"", at);
    int r = open_ledger(p, err);
    if (r == GB_OK && node)
        r = choose_attestation(p, id, at_s, err);
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct proving p = {.line = line, .arena = arena};
    int r = choose(&p, err);
    if (r == CMD_OK)
        r = hand_out(&p, err);
    folder_free(p.folder);
    digester_free(p.digester);
    return r;
}

const struct cmd cmd_ledger_prove = {
    .name = "ledger prove",
    .args = "DIR [INDEX]",
    .min_args = 1,
    .max_args = 2,
    .summary = "write a proof of one entry, or of one attestation",
    .examples =
        "  garboard ledger prove /var/lib/garboard/ledger 4711 --key ledger.vkey -o x.tlog-proof\n"
        "  garboard ledger prove copy --key ledger.vkey \\\n"
        "      --node 0194f3c2-7a1e-8d21-9b3f-0a1b2c3d4e5f --at 2026-11-20T21:30:00Z\n",
    .options = options,
    .run = run,
};
