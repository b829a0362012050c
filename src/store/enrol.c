#include <string.h>

#include "store/db.h"
#include "store/grant.h"
#include "store/state.h"
#include "store/store.h"
#include "store/token.h"
#include "store/writer.h"

/* What the database knows of a node that wants to come in. */
struct known {
    int64_t num; /* 0: no node has one of its EKs, nor its id */
    uint8_t id[STORE_ID];
    uint8_t transport[STORE_HASH];
    bool removed;
    size_t eks; /* how many of its EKs are that node's already */
    size_t all; /* how many that node has */
};

static int read_owner(struct db *db, const uint8_t *ek, struct known *ret_owner, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "SELECT n.num, n.id, n.transport, n.removed,"
               " (SELECT count(*) FROM ek WHERE node = n.num)"
               " FROM ek e JOIN node n ON n.num = e.node WHERE e.scope = ? AND e.ek = ?");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(ek, STORE_HASH));
    *ret_owner = (struct known){0};
    int r = query_step(&q, err);
    if (r <= 0)
        return r;
    ret_owner->num = query_get_int(&q);
    query_get_fixed(&q, ret_owner->id, STORE_ID);
    query_get_fixed(&q, ret_owner->transport, STORE_HASH);
    ret_owner->removed = query_get_int(&q) != 0;
    ret_owner->all = (size_t)query_get_int(&q);
    return query_read_ok(&q, err);
}

/* Every EK of a TPM belongs to one node for good (T18): they may be new, or all of one node. */
static int find_owner(struct db *db, const struct store_node *node, struct known *ret_known,
                      struct gb_err *err)
{
    struct known known = {0};
    for (size_t i = 0; i < node->ek_count; i++) {
        struct known owner;
        int r = read_owner(db, node->eks[i], &owner, err);
        if (r < 0)
            return r;
        if (owner.num != 0 && known.num != 0 && owner.num != known.num)
            return gb_err_set(err, GB_ERR_DENIED, "its EKs belong to two nodes");
        if (owner.num == 0)
            continue;
        owner.eks = known.eks + 1;
        known = owner;
    }
    *ret_known = known;
    return GB_OK;
}

static int find_by(struct db *db, const char *sql, struct gb_bytes key, int64_t *ret_num,
                   struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, db->scope);
    query_blob(&q, key);
    int r = query_step(&q, err);
    *ret_num = r > 0 ? query_get_int(&q) : 0;
    return r < 0 ? r : GB_OK;
}

static int check_claims(struct db *db, const struct store_node *node, const struct known *known,
                        struct gb_err *err)
{
    int64_t of_id = 0, of_name = 0;
    int r = find_by(db, "SELECT num FROM node WHERE scope = ? AND id = ?",
                    gb_bytes(node->id, STORE_ID), &of_id, err);
    if (r == GB_OK)
        r = find_by(db,
                    "SELECT num FROM node WHERE scope = ? AND name = CAST(? AS TEXT)"
                    " AND removed = 0",
                    gb_bytes_str(node->name), &of_name, err);
    if (r < 0)
        return r;
    if (of_id != known->num)
        return gb_err_set(err, GB_ERR_DENIED,
                          known->num ? "its EK belongs to another node"
                                     : "a node of this id exists, with another TPM");
    if (of_name != 0 && of_name != known->num)
        return gb_err_set(err, GB_ERR_DENIED, "the name belongs to another node");
    if (node->ek_count == 0)
        return gb_err_set(err, GB_ERR_DENIED, "a node needs an EK");
    if (known->all - known->eks + node->ek_count > STORE_MAX_EKS)
        return gb_err_set(err, GB_ERR_DENIED, "a node has at most %d EKs", STORE_MAX_EKS);
    return GB_OK;
}

static bool has_ek(const struct store_node *node, const uint8_t *ek)
{
    for (size_t i = 0; i < node->ek_count; i++)
        if (memcmp(node->eks[i], ek, STORE_HASH) == 0)
            return true;
    return false;
}

static int take_permission(struct db *db, const struct store_enrolment *e, struct gb_err *err)
{
    int r = GB_OK;
    if (e->token_id)
        r = token_use(db, e->token_id, e->node->name, e->now_s, err);
    if (r == GB_OK && e->grant_ek && !has_ek(e->node, e->grant_ek))
        r = gb_err_set(err, GB_ERR_DENIED, "the listed EK is not one of this node's");
    if (r == GB_OK && e->grant_ek)
        r = grant_use(db, e->grant_ek, e->node->name, e->now_s, err);
    return r;
}

static void bind_node(struct query *q, const struct store_node *node)
{
    query_text(q, node->name);
    query_blob(q, node->ak_public);
    query_blob(q, gb_bytes(node->transport, STORE_HASH));
    query_text(q, node->tpm);
    query_blob(q, node->ek_certs);
    query_blob(q, node->cert_pem);
    query_int(q, node->enrolled_s);
    query_text(q, node->labels);
    query_int(q, q->db->scope);
    query_blob(q, gb_bytes(node->id, STORE_ID));
}

static int put_node(struct db *db, const struct store_node *node, bool exists, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               exists ? "UPDATE node SET name = ?, ak_public = ?, transport = ?, tpm = ?,"
                        " ek_certs = ?, cert_pem = ?, enrolled_s = ?, labels = coalesce(?,"
                        " CASE removed WHEN 0 THEN labels ELSE '' END),"
                        " labels_num = labels_num + 1, removed = 0"
                        " WHERE scope = ? AND id = ?"
                      : "INSERT INTO node (name, ak_public, transport, tpm, ek_certs, cert_pem,"
                        " enrolled_s, labels, scope, id)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(?, ''), ?, ?)");
    bind_node(&q, node);
    return query_run(&q, err);
}

static int put_ek(struct db *db, const uint8_t *ek, int64_t num, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "INSERT INTO ek (scope, ek, node) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(ek, STORE_HASH));
    query_int(&q, num);
    return query_run(&q, err);
}

/* What was replayed of the old keys says nothing of the new ones: a cleared TPM counts its resets
 * anew. */
static int forget_live(struct db *db, int64_t num, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "DELETE FROM live WHERE node = ?");
    query_int(&q, num);
    return query_run(&q, err);
}

static int put_all(struct db *db, const struct store_node *node, int64_t num, struct gb_err *err)
{
    int r = put_node(db, node, num != 0, err);
    if (r == GB_OK && num != 0)
        r = forget_live(db, num, err);
    if (num == 0)
        num = sqlite3_last_insert_rowid(db->handle);
    for (size_t i = 0; i < node->ek_count && r == GB_OK; i++)
        r = put_ek(db, node->eks[i], num, err);
    return r;
}

/* The same node with the same key: an answer that got lost, or a certificate that was too old to be
 * renewed. Nothing else of it is new. */
static int put_certificate(struct db *db, const struct store_node *node, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "UPDATE node SET cert_pem = ? WHERE scope = ? AND id = ?");
    query_blob(&q, node->cert_pem);
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(node->id, STORE_ID));
    return query_run(&q, err);
}

static int run_enrol(struct db *db, const void *what, struct gb_err *err)
{
    const struct store_enrolment *e = what;
    struct known known;
    int r = find_owner(db, e->node, &known, err);
    if (r < 0)
        return r;
    bool same_id = memcmp(known.id, e->node->id, STORE_ID) == 0;
    bool same_key = memcmp(known.transport, e->node->transport, STORE_HASH) == 0;
    if (known.num != 0 && same_key && !known.removed)
        return same_id ? put_certificate(db, e->node, err)
                       : gb_err_set(err, GB_ERR_AGAIN,
                                    "enrolled a moment ago under another id: ask again");
    r = check_claims(db, e->node, &known, err);
    if (r == GB_OK)
        r = take_permission(db, e, err);
    return r < 0 ? r : put_all(db, e->node, known.num, err);
}

/* Deep: the caller's spans are gone when the writer comes to it. */
static const struct store_enrolment *copy(struct write *write, const struct store_enrolment *e)
{
    struct store_enrolment *to = gb_arena_new_one(write->arena, struct store_enrolment);
    struct store_node *node = gb_arena_new_one(write->arena, struct store_node);
    if (!to || !node)
        return NULL;
    *node = *e->node;
    *to = (struct store_enrolment){.node = node, .now_s = e->now_s};
    if (node->ek_count > STORE_MAX_EKS)
        node->ek_count = STORE_MAX_EKS;
    bool ok = writer_copy_text(write, &node->name) && writer_copy_text(write, &node->tpm) &&
              writer_copy_text(write, &node->labels) && writer_copy(write, &node->ak_public) &&
              writer_copy(write, &node->ek_certs) && writer_copy(write, &node->cert_pem);
    if (e->token_id)
        to->token_id = gb_arena_copy(write->arena, gb_bytes(e->token_id, 8)).data;
    if (e->grant_ek)
        to->grant_ek = gb_arena_copy(write->arena, gb_bytes(e->grant_ek, STORE_HASH)).data;
    ok = ok && !e->token_id == !to->token_id && !e->grant_ek == !to->grant_ek;
    return ok ? to : NULL;
}

void store_enrol(struct store *store, const struct store_enrolment *enrolment,
                 const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_enrol;
    if (writer_entry(write, entry))
        write->what = copy(write, enrolment);
    writer_queue(store, write);
}
