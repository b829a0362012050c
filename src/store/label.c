#include <string.h>

#include "base/labels.h"
#include "store/db.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

struct labelling {
    uint8_t id[STORE_ID];
    const char **changes;
    size_t count;
};

static int read_labels(struct db *db, struct gb_arena *arena, const uint8_t *id,
                       const char **ret_text, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT labels FROM node WHERE scope = ? AND id = ? AND removed = 0");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(id, STORE_ID));
    int r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such node");
    if (r < 0)
        return r;
    *ret_text = query_get_text(&q, arena);
    return query_read_ok(&q, err);
}

/* What its labels are after all changes; *ret_text is NULL when they are what they were. */
static int change(struct gb_arena *arena, const struct labelling *what, const char *old,
                  const char **ret_text, struct gb_err *err)
{
    struct gb_labels labels;
    int r = gb_labels_read(arena, gb_bytes_str(old), &labels, err);
    for (size_t i = 0; r == GB_OK && i < what->count; i++)
        r = gb_labels_change(arena, &labels, gb_bytes_str(what->changes[i]), &labels, err);
    if (r < 0)
        return r;
    const char *text = gb_labels_text(arena, &labels);
    if (!text)
        return gb_err_nomem(err);
    *ret_text = strcmp(text, old) == 0 ? NULL : text;
    return GB_OK;
}

static int put(struct db *db, const uint8_t *id, const char *text, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "UPDATE node SET labels = ?, labels_num = labels_num + 1"
               " WHERE scope = ? AND id = ?");
    query_text(&q, text);
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(id, STORE_ID));
    return query_run(&q, err);
}

static int run_label(struct db *db, const void *arg, struct gb_err *err)
{
    const struct labelling *what = arg;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *old = NULL, *text = NULL;
    if (!arena)
        return gb_err_nomem(err);
    int r = read_labels(db, arena, what->id, &old, err);
    if (r == GB_OK)
        r = change(arena, what, old ? old : "", &text, err);
    if (r < 0)
        return r;
    return text ? put(db, what->id, text, err) : WRITE_SAME;
}

static const struct labelling *copy(struct write *write, const uint8_t id[STORE_ID],
                                    const char *const *changes, size_t count)
{
    struct labelling *what = gb_arena_new_one(write->arena, struct labelling);
    const char **copies = gb_arena_new_array(write->arena, const char *, count + 1);
    if (!what || !copies)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        copies[i] = changes[i];
        if (!writer_copy_text(write, &copies[i]))
            return NULL;
    }
    *what = (struct labelling){.changes = copies, .count = count};
    memcpy(what->id, id, sizeof what->id);
    return what;
}

void store_node_label(struct store *store, const uint8_t id[STORE_ID], const char *const *changes,
                      size_t count, const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_label;
    if (writer_entry(write, entry))
        write->what = copy(write, id, changes, count);
    writer_queue(store, write);
}
