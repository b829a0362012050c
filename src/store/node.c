#include <string.h>

#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

#define COLUMNS                                                                                    \
    "SELECT n.num, n.id, n.name, n.ak_public, n.transport, n.tpm, n.ek_certs, n.cert_pem,"         \
    " n.enrolled_s, n.removed, n.labels, n.labels_num FROM node n "

static int read_eks(struct db *db, int64_t num, struct store_node *node, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT ek FROM ek WHERE node = ? ORDER BY ek LIMIT ?");
    query_int(&q, num);
    query_int(&q, STORE_MAX_EKS);
    int r;
    while ((r = query_step(&q, err)) > 0 && node->ek_count < STORE_MAX_EKS)
        query_get_fixed(&q, node->eks[node->ek_count++], STORE_HASH);
    return r < 0 ? r : query_read_ok(&q, err);
}

static int read_row(struct query *q, struct gb_arena *arena, struct store_node *node,
                    struct gb_err *err)
{
    *node = (struct store_node){0};
    int64_t num = query_get_int(q);
    query_get_fixed(q, node->id, STORE_ID);
    node->name = query_get_text(q, arena);
    node->ak_public = query_get_blob(q, arena);
    query_get_fixed(q, node->transport, STORE_HASH);
    node->tpm = query_get_text(q, arena);
    node->ek_certs = query_get_blob(q, arena);
    node->cert_pem = query_get_blob(q, arena);
    node->enrolled_s = query_get_int(q);
    node->removed = query_get_int(q) != 0;
    node->labels = query_get_text(q, arena);
    node->labels_num = (uint64_t)query_get_int(q);
    int r = query_read_ok(q, err);
    return r < 0 ? r : read_eks(q->db, num, node, err);
}

static int get(struct store *store, struct gb_arena *arena, const char *sql, struct gb_bytes key,
               struct store_node *ret_node, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    struct store_node node = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db, sql);
    query_int(&q, reading.db->scope);
    query_blob(&q, key);
    r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such node");
    if (r > 0)
        r = read_row(&q, arena, &node, err);
    if (r == GB_OK)
        *ret_node = node;
    return r;
}

int store_node_by_id(struct store *store, struct gb_arena *arena, const uint8_t id[STORE_ID],
                     struct store_node *ret_node, struct gb_err *err)
{
    return get(store, arena, COLUMNS "WHERE n.scope = ? AND n.id = ?", gb_bytes(id, STORE_ID),
               ret_node, err);
}

int store_node_by_ek(struct store *store, struct gb_arena *arena, const uint8_t ek[STORE_HASH],
                     struct store_node *ret_node, struct gb_err *err)
{
    return get(store, arena, COLUMNS "JOIN ek e ON e.node = n.num WHERE e.scope = ? AND e.ek = ?",
               gb_bytes(ek, STORE_HASH), ret_node, err);
}

int store_node_by_name(struct store *store, struct gb_arena *arena, const char *name,
                       struct store_node *ret_node, struct gb_err *err)
{
    return get(store, arena,
               COLUMNS "WHERE n.scope = ? AND n.name = CAST(? AS TEXT) AND n.removed = 0",
               gb_bytes_str(name), ret_node, err);
}

int store_node_each(struct store *store, bool (*each)(void *ctx, const struct store_node *node),
                    void *ctx, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(reading_end) struct reading reading = {0};
    if (!arena)
        return gb_err_nomem(err);
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db, COLUMNS "WHERE n.scope = ? AND n.removed = 0 ORDER BY n.name");
    query_int(&q, reading.db->scope);
    while ((r = query_step(&q, err)) > 0) {
        struct store_node node;
        gb_arena_reset(arena);
        r = read_row(&q, arena, &node, err);
        if (r < 0 || !each(ctx, &node))
            break;
    }
    return r < 0 ? r : GB_OK;
}

struct cert {
    uint8_t id[STORE_ID];
    struct gb_bytes pem;
};

static int changed(struct db *db, int r, struct gb_err *err)
{
    if (r < 0 || sqlite3_changes(db->handle) > 0)
        return r;
    return gb_err_set(err, GB_ERR_NOTFOUND, "no such node");
}

static int run_cert(struct db *db, const void *what, struct gb_err *err)
{
    const struct cert *cert = what;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "UPDATE node SET cert_pem = ?2 WHERE scope = ?3 AND id = ?1 AND removed = 0");
    query_blob(&q, gb_bytes(cert->id, STORE_ID));
    query_blob(&q, cert->pem);
    query_int(&q, db->scope);
    return changed(db, query_run(&q, err), err);
}

void store_node_cert(struct store *store, const uint8_t id[STORE_ID], struct gb_bytes cert_pem,
                     const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    struct cert *cert = gb_arena_new_one(write->arena, struct cert);
    if (cert) {
        memcpy(cert->id, id, STORE_ID);
        cert->pem = cert_pem;
    }
    write->run = run_cert;
    bool ok = cert && writer_copy(write, &cert->pem) && writer_entry(write, entry);
    write->what = ok ? cert : NULL;
    writer_queue(store, write);
}

static int run_remove(struct db *db, const void *what, struct gb_err *err)
{
    gb_cleanup(query_close) struct query live, node;
    query_open(&live, db,
               "DELETE FROM live WHERE node ="
               " (SELECT num FROM node WHERE scope = ? AND id = ? AND removed = 0)");
    query_int(&live, db->scope);
    query_blob(&live, gb_bytes(what, STORE_ID));
    query_open(&node, db, "UPDATE node SET removed = 1 WHERE scope = ? AND id = ? AND removed = 0");
    query_int(&node, db->scope);
    query_blob(&node, gb_bytes(what, STORE_ID));
    int r = query_run(&live, err);
    return r < 0 ? r : changed(db, query_run(&node, err), err);
}

void store_node_remove(struct store *store, const uint8_t id[STORE_ID],
                       const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_remove;
    if (writer_entry(write, entry))
        write->what = gb_arena_copy(write->arena, gb_bytes(id, STORE_ID)).data;
    writer_queue_over(store, write, id);
}
