#include "server/ledger/round_mend.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "crypto/digest.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "server/ledger/round_files.h"

enum { KEY = ROUNDS_NODE + 32, LEAST = 128 }; /* no record of a quote is shorter */

struct pairs {
    struct gb_bytes leaves;
    struct gb_bytes quotes;
    uint8_t *leaf_keys;  /* KEY bytes a leaf: node and digest of its quote */
    uint8_t *quote_keys; /* likewise of each quote */
    size_t *ends;        /* of each quote, in the file */
    size_t leaf_count;
    size_t quote_count;
    struct gb_map by_leaf;
    struct gb_map by_quote;
};

static int read_file(struct gb_arena *arena, const char *folder, int64_t minute,
                     enum round_file file, char path[PATH_MAX], struct gb_bytes *ret_bytes,
                     struct gb_err *err)
{
    int r = round_files_path(folder, minute, file, true, path, err);
    if (r == GB_OK)
        r = file_read(arena, path, GB_LIMIT_ROUNDS, ret_bytes, err);
    if (r != GB_ERR_NOTFOUND)
        return r;
    *ret_bytes = gb_bytes(NULL, 0);
    return GB_OK;
}

static int index_quotes(struct pairs *p, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct gb_bytes rest = p->quotes;
    struct rounds_quote quote;
    int r = digester_new(&digester, err);
    while (r == GB_OK && (r = rounds_quote_next(&rest, &quote, err)) > 0) {
        uint8_t *key = p->quote_keys + p->quote_count * KEY;
        memcpy(key, quote.node, ROUNDS_NODE);
        if (digest_of(digester, DIGEST_SHA256, quote.attest, key + ROUNDS_NODE) < 0)
            return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
        p->ends[p->quote_count++] = p->quotes.len - rest.len;
        r = GB_OK;
    }
    return r;
}

static int index_both(struct gb_arena *arena, struct pairs *p, struct gb_err *err)
{
    size_t room = p->quotes.len / LEAST + 1;
    p->leaf_count = p->leaves.len / ROUNDS_LEAF;
    p->leaf_keys = gb_arena_alloc_raw(arena, p->leaf_count + 1, KEY);
    p->quote_keys = gb_arena_alloc_raw(arena, room, KEY);
    p->ends = gb_arena_new_array(arena, size_t, room);
    if (!p->leaf_keys || !p->quote_keys || !p->ends)
        return gb_err_nomem(err);
    for (size_t i = 0; i < p->leaf_count; i++)
        memcpy(p->leaf_keys + i * KEY, p->leaves.data + i * ROUNDS_LEAF, KEY);
    int r = index_quotes(p, err);
    if (r < 0)
        return r;
    return gb_map_build(arena, p->leaf_keys, KEY, p->leaf_count, 0, &p->by_leaf) &&
                   gb_map_build(arena, p->quote_keys, KEY, p->quote_count, 0, &p->by_quote)
               ? GB_OK
               : gb_err_nomem(err);
}

static void say(const char *path, const char *what, size_t count)
{
    gb_log_event(GB_LOG_WARNING, "rounds-torn", GB_LOG_TEXT("file", path),
                 GB_LOG_TEXT("dropped", what), GB_LOG_NUMBER("count", count));
}

static int drop_quotes(const struct pairs *p, const char *path, struct gb_err *err)
{
    size_t keep = p->quote_count;
    while (keep > 0 && gb_map_find(&p->by_leaf, p->quote_keys + (keep - 1) * KEY) < 0)
        keep--;
    if (keep == p->quote_count)
        return GB_OK;
    say(path, "quotes without their leaf", p->quote_count - keep);
    return truncate(path, keep > 0 ? (off_t)p->ends[keep - 1] : 0) == 0
               ? GB_OK
               : gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
}

/* A leaf of an untrusted node may have no quote: none of its held. */
static bool stays(const struct pairs *p, size_t leaf)
{
    bool trusted = p->leaves.data[(leaf + 1) * ROUNDS_LEAF - 1] != 0;
    return !trusted || gb_map_find(&p->by_quote, p->leaf_keys + leaf * KEY) >= 0;
}

static int drop_leaves(struct gb_arena *arena, const struct pairs *p, const char *path,
                       struct gb_err *err)
{
    size_t kept = 0;
    uint8_t *rest = gb_arena_alloc_raw(arena, p->leaves.len + 1, 1);
    if (!rest)
        return gb_err_nomem(err);
    for (size_t i = 0; i < p->leaf_count; i++)
        if (stays(p, i))
            memcpy(rest + kept++ * ROUNDS_LEAF, p->leaves.data + i * ROUNDS_LEAF, ROUNDS_LEAF);
    if (kept == p->leaf_count)
        return GB_OK;
    say(path, "leaves without their quote", p->leaf_count - kept);
    return file_write(path, gb_bytes(rest, kept * ROUNDS_LEAF), err);
}

int round_mend(struct gb_arena *arena, const char *folder, int64_t minute, struct gb_err *err)
{
    struct pairs pairs = {0};
    char leaves[PATH_MAX], quotes[PATH_MAX];
    int r = read_file(arena, folder, minute, ROUND_LEAVES, leaves, &pairs.leaves, err);
    if (r == GB_OK)
        r = read_file(arena, folder, minute, ROUND_QUOTES, quotes, &pairs.quotes, err);
    if (r == GB_OK)
        r = index_both(arena, &pairs, err);
    if (r == GB_OK)
        r = drop_quotes(&pairs, quotes, err);
    return r < 0 ? r : drop_leaves(arena, &pairs, leaves, err);
}
