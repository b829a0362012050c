/*
 * The share of one node. Who holds a node decides what it sends, so what is kept of one has
 * ceilings of its own, looked at before each record that is added: what a flood drops is its own
 * node's, and never what decides now.
 */

#include <stdint.h>

#include "base/limits.h"
#include "store/db.h"
#include "store/kept.h"
#include "store/kept_put.h"
#include "store/kept_share.h"

/* The first column of the first row; 0 when there is none. */
static int find_num(struct db *db, const char *sql, int64_t node, int64_t *ret_num,
                    struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, node);
    int r = query_step(&q, err);
    *ret_num = r > 0 ? query_get_int(&q) : 0;
    return r < 0 ? r : GB_OK;
}

/* The newest: how it began to be refused says more than how it went on. */
static int drop_refused(struct db *db, int64_t node, bool *ret_dropped, struct gb_err *err)
{
    int64_t num = 0;
    int r = find_num(db,
                     "SELECT num FROM kept WHERE node = ? AND accepted = 0"
                     " ORDER BY num DESC LIMIT 1",
                     node, &num, err);
    *ret_dropped = num != 0;
    return r < 0 || num == 0 ? r : kept_drop_record(db, num, err);
}

/* The oldest that is over. */
static int drop_chain(struct db *db, int64_t node, bool *ret_dropped, struct gb_err *err)
{
    int64_t num = 0;
    int r = find_num(db,
                     "SELECT k.num FROM kept k WHERE k.node = ? AND k.num = k.chain AND EXISTS"
                     " (SELECT 1 FROM kept l WHERE l.node = k.node AND l.num > k.num"
                     " AND l.num = l.chain AND l.accepted = 1) ORDER BY k.num LIMIT 1",
                     node, &num, err);
    *ret_dropped = num != 0;
    return r < 0 || num == 0 ? r : kept_drop_chain(db, num, err);
}

/* What is refused makes room among what is refused first, so that it pushes out nothing better. */
static int drop_one(struct db *db, int64_t node, bool accepted, bool *ret_dropped,
                    struct gb_err *err)
{
    int r = accepted ? drop_chain(db, node, ret_dropped, err)
                     : drop_refused(db, node, ret_dropped, err);
    if (r < 0 || *ret_dropped)
        return r;
    return accepted ? drop_refused(db, node, ret_dropped, err)
                    : drop_chain(db, node, ret_dropped, err);
}

static uint64_t size_of(const struct store_kept *kept)
{
    uint64_t size = kept->head.len;
    for (size_t i = 0; i < kept->part_count; i++)
        if (kept->parts[i].blob.packed.data || kept->parts[i].blob.file)
            size += kept->parts[i].blob.packed_size;
    return size;
}

/* It goes on from a boot of which too many rounds are kept. */
static bool is_long(const struct share *share, const struct store_kept *kept)
{
    return !kept->whole && kept->accepted && share->rounds >= GB_LIMIT_KEPT_CHAIN;
}

static bool is_full(const struct share *share, const struct store_kept *kept)
{
    return share->records >= GB_LIMIT_KEPT_NODE ||
           (!kept->accepted && share->refused >= GB_LIMIT_KEPT_REFUSED) ||
           share->bytes + size_of(kept) > GB_LIMIT_KEPT_NODE_BYTES;
}

int kept_make_room(struct db *db, int64_t node, int64_t chain, const struct store_kept *kept,
                   struct gb_err *err)
{
    struct share share;
    bool dropped = true;
    int r = share_look_up(db, node, chain, &share, err);
    if (r == GB_OK && (is_full(&share, kept) || is_long(&share, kept)))
        r = share_count(db, node, chain, &share, err);
    if (r == GB_OK && is_long(&share, kept))
        return gb_err_set(err, GB_ERR_DENIED, "send all evidence: many rounds went on from it");
    while (r == GB_OK && is_full(&share, kept) && dropped) {
        r = drop_one(db, node, kept->accepted, &dropped, err);
        if (r == GB_OK)
            r = share_count(db, node, chain, &share, err);
    }
    /* Only the newest boot is left: whole evidence supersedes it, and has a ceiling of its own. */
    if (r == GB_OK && !kept->whole && is_full(&share, kept))
        return gb_err_set(err, GB_ERR_DENIED, "send all evidence: what is kept of this boot grew");
    if (r == GB_OK)
        share_remember(db, node, &share, kept->accepted, size_of(kept));
    return r;
}
