#include "store/kept.h"

#include <string.h>

#include "store/db.h"
#include "store/gone.h"
#include "store/kept_put.h"
#include "store/live.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

/* ---- copies ---- */

static bool copy_parts(struct write *write, struct store_kept *kept)
{
    struct store_kept_part *parts =
        gb_arena_new_array(write->arena, struct store_kept_part, kept->part_count + 1);
    if (!parts || kept->part_count > STORE_KEPT_PARTS)
        return false;
    bool ok = true;
    for (size_t i = 0; i < kept->part_count; i++) {
        parts[i] = kept->parts[i];
        ok = ok && writer_copy(write, &parts[i].blob.packed) &&
             writer_copy_text(write, &parts[i].blob.file);
    }
    kept->parts = parts;
    return ok;
}

static bool copy_documents(struct write *write, struct store_kept *kept)
{
    struct store_kept_document *documents =
        gb_arena_new_array(write->arena, struct store_kept_document, kept->document_count + 1);
    if (!documents)
        return false;
    bool ok = true;
    for (size_t i = 0; i < kept->document_count; i++) {
        documents[i] = kept->documents[i];
        ok = ok && writer_copy_text(write, &documents[i].kind) &&
             writer_copy_text(write, &documents[i].name);
    }
    kept->documents = documents;
    return ok;
}

bool kept_copy(struct write *write, const struct store_kept **kept)
{
    struct store_kept *copy = gb_arena_new_one(write->arena, struct store_kept);
    if (!copy)
        return false;
    *copy = **kept;
    *kept = copy;
    return copy->before.len <= LIVE_MAX_PROGRESS && writer_copy(write, &copy->nonce) &&
           writer_copy(write, &copy->head) && writer_copy(write, &copy->before) &&
           writer_copy_text(write, &copy->facts) && copy_parts(write, copy) &&
           copy_documents(write, copy);
}

/* ---- the record ---- */

static void trust_bytes(uint64_t trust_id, uint8_t out[8])
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(trust_id >> 8 * (7 - i));
}

static int ask_again(struct gb_err *err, const char *what)
{
    return gb_err_set(err, GB_ERR_DENIED, "send all evidence: %s", what);
}

/* The chain that a round goes on from, as far as it is accepted: it must end where the round
 * begins, or what is put together later would not be one list. */
static int find_chain(struct db *db, int64_t node, const struct store_kept *kept,
                      int64_t *ret_chain, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "SELECT chain, ima_end FROM kept WHERE node = ? AND accepted = 1"
               " ORDER BY num DESC LIMIT 1");
    query_int(&q, node);
    int r = query_step(&q, err);
    if (r < 0)
        return r;
    if (r == 0)
        return ask_again(err, "nothing of this boot is kept");
    *ret_chain = query_get_int(&q);
    if ((uint64_t)query_get_int(&q) != kept->ima_from)
        return ask_again(err, "what is kept ends elsewhere");
    return GB_OK;
}

static int insert(struct db *db, int64_t node, int64_t chain, const struct store_kept *kept,
                  int64_t *ret_num, struct gb_err *err)
{
    uint8_t trust[8];
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT INTO kept (node, chain, at_s, judged_s, quote, trust, accepted, ima_from,"
               " ima_end, nonce, transport, head, head_size, head_len, before, facts)"
               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    trust_bytes(kept->trust_id, trust);
    query_int(&q, node);
    query_int(&q, chain);
    query_int(&q, kept->at_s);
    query_int(&q, kept->judged_s);
    query_blob(&q, gb_bytes(kept->quote, STORE_HASH));
    query_blob(&q, gb_bytes(trust, sizeof trust));
    query_int(&q, kept->accepted);
    query_int(&q, (int64_t)kept->ima_from);
    query_int(&q, (int64_t)kept->ima_end);
    query_blob(&q, kept->nonce);
    query_blob(&q, gb_bytes(kept->transport, STORE_HASH));
    query_blob(&q, kept->head);
    query_int(&q, (int64_t)kept->head_size);
    query_int(&q, (int64_t)kept->head.len);
    query_blob(&q, kept->before);
    query_text(&q, kept->facts);
    int r = query_run(&q, err);
    *ret_num = sqlite3_last_insert_rowid(db->handle);
    return r;
}

static int begin_chain(struct db *db, int64_t num, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "UPDATE kept SET chain = num WHERE num = ?");
    query_int(&q, num);
    return query_run(&q, err);
}

/* ---- its blobs ---- */

/* 0: there is none. Where there is one, the file that was written for another is nobody's. */
static int find_blob(struct db *db, const struct store_blob *blob, int64_t *ret_num,
                     struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT num FROM blob WHERE scope = ? AND digest = ?");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(blob->digest, STORE_HASH));
    int r = query_step(&q, err);
    *ret_num = r > 0 ? query_get_int(&q) : 0;
    if (r > 0 && blob->file)
        return gone_note(&db->gone, blob->file, err);
    return r < 0 ? r : GB_OK;
}

static int add_blob(struct db *db, const struct store_blob *blob, int64_t *ret_num,
                    struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    if (!blob->packed.data && !blob->file)
        return ask_again(err, "what was kept of it is gone");
    query_open(&q, db,
               "INSERT INTO blob (scope, digest, size, packed_size, file, bytes)"
               " VALUES (?, ?, ?, ?, ?, ?)");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(blob->digest, STORE_HASH));
    query_int(&q, (int64_t)blob->size);
    query_int(&q, (int64_t)blob->packed_size);
    query_text(&q, blob->file);
    if (!blob->file)
        query_blob(&q, blob->packed);
    int r = query_run(&q, err);
    *ret_num = sqlite3_last_insert_rowid(db->handle);
    return r;
}

static int put_part(struct db *db, int64_t record, size_t seq, const struct store_kept_part *part,
                    struct gb_err *err)
{
    int64_t blob = 0;
    int r = find_blob(db, &part->blob, &blob, err);
    if (r == GB_OK && blob == 0)
        r = add_blob(db, &part->blob, &blob, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "INSERT INTO kept_part (record, part, seq, blob) VALUES (?, ?, ?, ?)");
    query_int(&q, record);
    query_int(&q, part->part);
    query_int(&q, (int64_t)seq);
    query_int(&q, blob);
    return query_run(&q, err);
}

/* ---- what judged it ---- */

static int knows_trust(struct db *db, const uint8_t trust[8], struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT 1 FROM document_set WHERE scope = ? AND trust = ? LIMIT 1");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(trust, 8));
    return query_step(&q, err);
}

static int put_documents(struct db *db, const struct store_kept *kept, struct gb_err *err)
{
    uint8_t trust[8];
    trust_bytes(kept->trust_id, trust);
    int r = knows_trust(db, trust, err);
    if (r != 0)
        return r < 0 ? r : GB_OK;
    for (size_t i = 0; r == GB_OK && i < kept->document_count; i++) {
        const struct store_kept_document *d = &kept->documents[i];
        gb_cleanup(query_close) struct query q;
        query_open(&q, db,
                   "INSERT INTO document_set (scope, trust, kind, name, version)"
                   " VALUES (?, ?, ?, ?, ?)");
        query_int(&q, db->scope);
        query_blob(&q, gb_bytes(trust, sizeof trust));
        query_text(&q, d->kind);
        query_text(&q, d->name);
        query_int(&q, (int64_t)d->version);
        r = query_run(&q, err);
    }
    return r;
}

int kept_put(struct db *db, int64_t node, const struct store_kept *kept, struct gb_err *err)
{
    int64_t chain = 0, num = 0;
    int r = kept->whole ? GB_OK : find_chain(db, node, kept, &chain, err);
    if (r == GB_OK)
        r = kept_make_room(db, node, chain, kept, err);
    if (r == GB_OK)
        r = insert(db, node, chain, kept, &num, err);
    if (r == GB_OK && kept->whole)
        r = begin_chain(db, num, err);
    for (size_t i = 0; r == GB_OK && i < kept->part_count; i++)
        r = put_part(db, num, i, &kept->parts[i], err);
    return r < 0 ? r : put_documents(db, kept, err);
}

/* ---- a record alone ---- */

struct adding {
    const struct store_kept *kept;
    struct gb_bytes progress;
};

static int find_node(struct db *db, const uint8_t *id, int64_t *ret_num, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT num FROM node WHERE scope = ? AND id = ? AND removed = 0");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(id, STORE_ID));
    int r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such node");
    if (r < 0)
        return r;
    *ret_num = query_get_int(&q);
    return GB_OK;
}

static int run_add(struct db *db, const void *what, struct gb_err *err)
{
    const struct adding *adding = what;
    int64_t num = 0;
    int r = find_node(db, adding->kept->node, &num, err);
    if (r == GB_OK)
        r = kept_put(db, num, adding->kept, err);
    return r < 0 ? r : live_write_one(db, num, adding->kept->at_s, adding->progress, err);
}

void store_kept_add(struct store *store, const struct store_kept *kept, struct gb_bytes progress,
                    store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    struct adding *adding = gb_arena_new_one(write->arena, struct adding);
    if (adding)
        *adding = (struct adding){.kept = kept, .progress = progress};
    bool ok = adding && progress.len <= LIVE_MAX_PROGRESS &&
              writer_copy(write, &adding->progress) && kept_copy(write, &adding->kept);
    write->kept = ok ? adding->kept : kept;
    write->run = run_add;
    write->what = ok ? adding : NULL;
    writer_queue_over(store, write, kept->node);
}
