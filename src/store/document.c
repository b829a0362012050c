#include <inttypes.h>
#include <string.h>

#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

struct set {
    struct store_document *documents;
    size_t count;
};

/* Versions only go up (T17): an old policy that was signed or applied once must not come back. */
static int check_version(struct db *db, const struct store_document *d, bool *ret_same,
                         struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "SELECT version, text IS ?1 FROM document WHERE scope = ?2 AND kind = ?3"
               " AND name = ?4");
    query_blob(&q, d->text);
    query_int(&q, db->scope);
    query_text(&q, d->kind);
    query_text(&q, d->name);
    *ret_same = false;
    int r = query_step(&q, err);
    if (r <= 0)
        return r;
    uint64_t stored = (uint64_t)query_get_int(&q);
    bool same_text = query_get_int(&q) != 0;
    *ret_same = same_text && d->version == stored;
    if (*ret_same || d->version > stored || (d->version == stored && d->resigned))
        return GB_OK;
    return gb_err_set(err, GB_ERR_DENIED,
                      "%s %s: version %" PRIu64 " is not above the applied %" PRIu64
                      ": raise the version",
                      d->kind, d->name, d->version, stored);
}

static int put(struct db *db, const struct store_document *d, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT OR REPLACE INTO document (scope, kind, name, version, text, applied_by,"
               " applied_s) VALUES (?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, db->scope);
    query_text(&q, d->kind);
    query_text(&q, d->name);
    query_int(&q, (int64_t)d->version);
    query_blob(&q, d->text);
    query_text(&q, d->applied_by);
    query_int(&q, d->applied_s);
    return query_run(&q, err);
}

/* What is superseded is kept: evidence that it judged can be judged by it again. Under the same
 * version only signatures differ: then the newer text stands for both. */
static int keep_past(struct db *db, const struct store_document *d, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT OR REPLACE INTO document_past (scope, kind, name, version, text, applied_by,"
               " applied_s) SELECT scope, kind, name, version, text, applied_by, applied_s"
               " FROM document WHERE scope = ? AND kind = ? AND name = ? AND version < ?");
    query_int(&q, db->scope);
    query_text(&q, d->kind);
    query_text(&q, d->name);
    query_int(&q, (int64_t)d->version);
    return query_run(&q, err);
}

static int run_apply(struct db *db, const void *what, struct gb_err *err)
{
    const struct set *set = what;
    int r = GB_OK;
    bool changed = false;
    for (size_t i = 0; i < set->count && r == GB_OK; i++) {
        bool same;
        const struct store_document *d = &set->documents[i];
        if (d->version > INT64_MAX)
            return gb_err_set(err, GB_ERR_LIMIT, "%s %s: no such version", d->kind, d->name);
        r = check_version(db, d, &same, err);
        if (r == GB_OK && !same)
            r = keep_past(db, d, err);
        if (r == GB_OK && !same)
            r = put(db, d, err);
        changed = changed || !same;
    }
    return r == GB_OK && !changed ? WRITE_SAME : r;
}

static const struct set *copy(struct write *write, const struct store_document *documents,
                              size_t count)
{
    struct set *set = gb_arena_new_one(write->arena, struct set);
    if (!set)
        return NULL;
    set->documents = gb_arena_new_array(write->arena, struct store_document, count + 1);
    set->count = count;
    if (!set->documents)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct store_document *d = &set->documents[i];
        *d = documents[i];
        if (!writer_copy_text(write, &d->kind) || !writer_copy_text(write, &d->name) ||
            !writer_copy_text(write, &d->applied_by) || !writer_copy(write, &d->text))
            return NULL;
    }
    return set;
}

void store_document_apply(struct store *store, const struct store_document *documents, size_t count,
                          const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_apply;
    if (writer_entry(write, entry))
        write->what = copy(write, documents, count);
    writer_queue(store, write);
}

static int read_row(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    struct store_document *ret_document = ret_row, d = {0};
    d.kind = query_get_text(q, arena);
    d.name = query_get_text(q, arena);
    d.version = (uint64_t)query_get_int(q);
    d.text = query_get_blob(q, arena);
    d.applied_by = query_get_text(q, arena);
    d.applied_s = query_get_int(q);
    int r = query_read_ok(q, err);
    if (r == GB_OK)
        *ret_document = d;
    return r;
}

int store_document_list(struct store *store, struct gb_arena *arena,
                        struct store_document **ret_documents, size_t *ret_count,
                        struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT kind, name, version, text, applied_by, applied_s FROM document"
               " WHERE scope = ? ORDER BY kind, name LIMIT ?");
    query_int(&q, reading.db->scope);
    query_int(&q, GB_LIMIT_STORE_LIST);
    struct rows rows;
    r = reading_rows(&q, arena, sizeof(struct store_document), read_row, &rows, err);
    if (r < 0)
        return r;
    *ret_documents = rows.items;
    *ret_count = rows.count;
    return GB_OK;
}
