#include <string.h>

#include "store/db.h"
#include "store/kept.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"

#define COLUMNS                                                                                    \
    "SELECT k.num, k.chain, k.at_s, k.judged_s, k.quote, k.trust, k.accepted, k.ima_from,"         \
    " k.ima_end"
#define OF_NODE " FROM kept k JOIN node n ON n.num = k.node WHERE n.scope = ? AND n.id = ?"

static uint64_t trust_of(const uint8_t bytes[8])
{
    uint64_t id = 0;
    for (size_t i = 0; i < 8; i++)
        id = id << 8 | bytes[i];
    return id;
}

static int read_row(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    (void)arena;
    struct store_kept *kept = ret_row;
    uint8_t trust[8] = {0};
    *kept = (struct store_kept){0};
    kept->num = query_get_int(q);
    kept->chain = query_get_int(q);
    kept->at_s = query_get_int(q);
    kept->judged_s = query_get_int(q);
    query_get_fixed(q, kept->quote, STORE_HASH);
    query_get_fixed(q, trust, sizeof trust);
    kept->trust_id = trust_of(trust);
    kept->accepted = query_get_int(q) != 0;
    kept->ima_from = (uint64_t)query_get_int(q);
    kept->ima_end = (uint64_t)query_get_int(q);
    kept->whole = kept->num == kept->chain;
    return query_read_ok(q, err);
}

static void read_rest(struct query *q, struct gb_arena *arena, struct store_kept *kept)
{
    kept->nonce = query_get_blob(q, arena);
    query_get_fixed(q, kept->transport, STORE_HASH);
    kept->head = query_get_blob(q, arena);
    kept->head_size = (uint64_t)query_get_int(q);
    kept->before = query_get_blob(q, arena);
    kept->facts = query_get_text(q, arena);
    kept->first_before = query_get_blob(q, arena);
}

static int read_part(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    struct store_kept_part *part = ret_row;
    *part = (struct store_kept_part){.part = (enum store_part)query_get_int(q)};
    query_get_fixed(q, part->blob.digest, STORE_HASH);
    part->blob.size = (uint64_t)query_get_int(q);
    part->blob.packed_size = (uint64_t)query_get_int(q);
    part->blob.file = query_get_text(q, arena);
    part->blob.packed = query_get_blob(q, arena);
    if (part->blob.file)
        part->blob.packed = (struct gb_bytes){0};
    return query_read_ok(q, err);
}

/* Those of its chain that were accepted before it, and its own: in the order in which they came. */
static int read_parts(struct db *db, struct gb_arena *arena, const char *sql,
                      struct store_kept *kept, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, kept->chain);
    query_int(&q, kept->num);
    query_int(&q, GB_LIMIT_STORE_LIST);
    struct rows rows;
    int r = reading_rows(&q, arena, sizeof(struct store_kept_part), read_part, &rows, err);
    if (r < 0)
        return r;
    kept->parts = rows.items;
    kept->part_count = rows.count;
    return GB_OK;
}

#define PARTS(bytes)                                                                               \
    "SELECT p.part, b.digest, b.size, b.packed_size, b.file, " bytes " FROM kept k"                \
    " JOIN kept_part p ON p.record = k.num JOIN blob b ON b.num = p.blob"                          \
    " WHERE k.chain = ?1 AND (k.num = ?2 OR (k.num < ?2 AND k.accepted = 1))"                      \
    " ORDER BY k.num, p.part, p.seq LIMIT ?3"

int store_kept_at(struct store *store, struct gb_arena *arena, const uint8_t node[STORE_ID],
                  int64_t at_s, struct store_kept *ret_kept, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    struct store_kept kept;
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               COLUMNS ", k.nonce, k.transport, k.head, k.head_size, k.before, k.facts,"
                       " (SELECT before FROM kept f WHERE f.num = k.chain)" OF_NODE
                       " AND k.at_s <= ? ORDER BY k.num DESC LIMIT 1");
    query_int(&q, reading.db->scope);
    query_blob(&q, gb_bytes(node, STORE_ID));
    query_int(&q, at_s ? at_s : INT64_MAX);
    r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "nothing of this node is kept until then");
    if (r < 0)
        return r;
    r = read_row(&q, arena, &kept, err);
    if (r < 0)
        return r;
    memcpy(kept.node, node, STORE_ID);
    read_rest(&q, arena, &kept);
    r = query_read_ok(&q, err);
    if (r == GB_OK)
        r = read_parts(reading.db, arena, PARTS("b.bytes"), &kept, err);
    if (r == GB_OK)
        *ret_kept = kept;
    return r;
}

int store_kept_newest(struct store *store, struct gb_arena *arena, const uint8_t node[STORE_ID],
                      struct store_kept *ret_kept, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    struct store_kept kept;
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db, COLUMNS OF_NODE " AND k.accepted = 1 ORDER BY k.num DESC LIMIT 1");
    query_int(&q, reading.db->scope);
    query_blob(&q, gb_bytes(node, STORE_ID));
    r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "nothing of this node is kept");
    if (r < 0)
        return r;
    r = read_row(&q, arena, &kept, err);
    memcpy(kept.node, node, STORE_ID);
    if (r == GB_OK)
        r = read_parts(reading.db, arena, PARTS("NULL"), &kept, err);
    if (r == GB_OK)
        *ret_kept = kept;
    return r;
}

int store_kept_list(struct store *store, struct gb_arena *arena, const uint8_t node[STORE_ID],
                    size_t max, struct store_kept **ret_kept, size_t *ret_count, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db, COLUMNS OF_NODE " ORDER BY k.num DESC LIMIT ?");
    query_int(&q, reading.db->scope);
    query_blob(&q, gb_bytes(node, STORE_ID));
    query_int(&q, max < GB_LIMIT_STORE_LIST ? (int64_t)max : GB_LIMIT_STORE_LIST);
    struct rows rows;
    r = reading_rows(&q, arena, sizeof(struct store_kept), read_row, &rows, err);
    if (r < 0)
        return r;
    struct store_kept *list = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        memcpy(list[i].node, node, STORE_ID);
    *ret_kept = list;
    *ret_count = rows.count;
    return GB_OK;
}

int store_kept_missing(struct store *store, bool (*each)(void *ctx, const uint8_t node[STORE_ID]),
                       void *ctx, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT n.id FROM node n WHERE n.scope = ? AND n.removed = 0 AND NOT EXISTS"
               " (SELECT 1 FROM kept k WHERE k.node = n.num AND k.accepted = 1)");
    query_int(&q, reading.db->scope);
    while ((r = query_step(&q, err)) > 0) {
        uint8_t id[STORE_ID] = {0};
        query_get_fixed(&q, id, sizeof id);
        r = query_read_ok(&q, err);
        if (r < 0 || !each(ctx, id))
            break;
    }
    return r < 0 ? r : GB_OK;
}

static int read_document(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    struct store_document *document = ret_row;
    *document = (struct store_document){0};
    document->kind = query_get_text(q, arena);
    document->name = query_get_text(q, arena);
    document->version = (uint64_t)query_get_int(q);
    document->text = query_get_blob(q, arena);
    int r = query_read_ok(q, err);
    if (r == GB_OK && !document->text.data)
        r = gb_err_set(err, GB_ERR_CONFIG, "%s %s version %llu is not kept any more",
                       document->kind, document->name, (unsigned long long)document->version);
    return r;
}

int store_kept_documents(struct store *store, struct gb_arena *arena, uint64_t trust_id,
                         struct store_document **ret_documents, size_t *ret_count,
                         struct gb_err *err)
{
    uint8_t trust[8];
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sizeof trust; i++)
        trust[i] = (uint8_t)(trust_id >> 8 * (7 - i));
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT s.kind, s.name, s.version, coalesce(d.text, p.text) FROM document_set s"
               " LEFT JOIN document d ON d.scope = s.scope AND d.kind = s.kind AND d.name = s.name"
               " AND d.version = s.version LEFT JOIN document_past p ON p.scope = s.scope"
               " AND p.kind = s.kind AND p.name = s.name AND p.version = s.version"
               " WHERE s.scope = ? AND s.trust = ? ORDER BY s.kind, s.name");
    query_int(&q, reading.db->scope);
    query_blob(&q, gb_bytes(trust, sizeof trust));
    struct rows rows;
    r = reading_rows(&q, arena, sizeof(struct store_document), read_document, &rows, err);
    if (r < 0)
        return r;
    *ret_documents = rows.items;
    *ret_count = rows.count;
    return GB_OK;
}

int store_kept_count(struct store *store, struct store_kept_counts *ret_counts, struct gb_err *err)
{
    struct store_kept_counts counts = {0};
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT (SELECT count(*) FROM kept), count(*), coalesce(sum(packed_size), 0)"
               " FROM blob WHERE scope = ?");
    query_int(&q, reading.db->scope);
    r = query_step(&q, err);
    if (r > 0) {
        counts.records = (uint64_t)query_get_int(&q);
        counts.blobs = (uint64_t)query_get_int(&q);
        counts.bytes = (uint64_t)query_get_int(&q);
        r = query_read_ok(&q, err);
    }
    if (r == GB_OK)
        *ret_counts = counts;
    return r;
}
