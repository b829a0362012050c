#include "store/kept_share.h"

#include <stddef.h>

#include "base/mem.h"
#include "store/db.h"

/* Nodes that share a slot are counted each time; a fleet of 10,000 has some each. */
enum { SLOTS = 16384, COUNT_AGAIN = 256 };

struct share_table {
    struct share_slot {
        int64_t node;
        struct share share;
        unsigned added; /* records since it was counted */
    } slots[SLOTS];
};

/* NULL: no memory for it, and all is counted. */
static struct share_slot *slot_of(struct db *db, int64_t node)
{
    if (!db->shares)
        db->shares = gb_calloc(1, sizeof *db->shares);
    return db->shares ? &db->shares->slots[(uint64_t)node % SLOTS] : NULL;
}

static int count_records(struct db *db, int64_t node, struct share *share, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "SELECT count(*), coalesce(sum(1 - accepted), 0), coalesce(sum(head_len), 0)"
               " FROM kept WHERE node = ?");
    query_int(&q, node);
    int r = query_step(&q, err);
    if (r <= 0)
        return r;
    share->records = (uint64_t)query_get_int(&q);
    share->refused = (uint64_t)query_get_int(&q);
    share->bytes = (uint64_t)query_get_int(&q);
    return query_read_ok(&q, err);
}

static int count_bytes(struct db *db, int64_t node, struct share *share, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "SELECT coalesce(sum(packed_size), 0) FROM blob WHERE num IN (SELECT p.blob"
               " FROM kept k JOIN kept_part p ON p.record = k.num WHERE k.node = ?)");
    query_int(&q, node);
    int r = query_step(&q, err);
    if (r <= 0)
        return r;
    share->bytes += (uint64_t)query_get_int(&q);
    return query_read_ok(&q, err);
}

static int count_rounds(struct db *db, int64_t chain, struct share *share, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    share->chain = chain;
    share->rounds = 0;
    if (chain == 0)
        return GB_OK;
    query_open(&q, db, "SELECT count(*) FROM kept WHERE chain = ? AND accepted = 1");
    query_int(&q, chain);
    int r = query_step(&q, err);
    if (r <= 0)
        return r;
    share->rounds = (uint64_t)query_get_int(&q);
    return query_read_ok(&q, err);
}

int share_count(struct db *db, int64_t node, int64_t chain, struct share *ret_share,
                struct gb_err *err)
{
    struct share share = {0};
    int r = count_records(db, node, &share, err);
    if (r == GB_OK)
        r = count_bytes(db, node, &share, err);
    if (r == GB_OK)
        r = count_rounds(db, chain, &share, err);
    if (r < 0)
        return r;
    struct share_slot *slot = slot_of(db, node);
    if (slot)
        *slot = (struct share_slot){.node = node, .share = share};
    *ret_share = share;
    return GB_OK;
}

int share_look_up(struct db *db, int64_t node, int64_t chain, struct share *ret_share,
                  struct gb_err *err)
{
    const struct share_slot *slot = slot_of(db, node);
    if (!slot || slot->node != node || slot->added >= COUNT_AGAIN)
        return share_count(db, node, chain, ret_share, err);
    *ret_share = slot->share;
    return chain == 0 || ret_share->chain == chain ? GB_OK
                                                   : count_rounds(db, chain, ret_share, err);
}

void share_remember(struct db *db, int64_t node, const struct share *share, bool accepted,
                    uint64_t size)
{
    struct share_slot *slot = slot_of(db, node);
    if (!slot)
        return;
    unsigned added = slot->node == node ? slot->added + 1 : COUNT_AGAIN;
    *slot = (struct share_slot){.node = node, .share = *share, .added = added};
    slot->share.records++;
    slot->share.refused += !accepted;
    slot->share.rounds += accepted;
    slot->share.bytes += size;
}
