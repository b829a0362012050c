#include "store/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/store.h"

enum { FIRST_SLOTS = 64 };

void live_done(struct live_table *table)
{
    for (size_t i = 0; table->slots && i <= table->mask; i++)
        gb_free(table->slots[i].progress);
    gb_free(table->slots);
    *table = (struct live_table){0};
}

/* The end of an id is a hash of an EK that a maker certified: nobody chooses ids. */
static struct live_slot *find(struct live_slot *slots, size_t mask, const uint8_t id[STORE_ID])
{
    uint64_t hash;
    memcpy(&hash, &id[STORE_ID - sizeof hash], sizeof hash);
    size_t i = (size_t)(hash ^ hash >> 32) & mask;
    while (slots[i].used && memcmp(slots[i].id, id, STORE_ID) != 0)
        i = (i + 1) & mask;
    return &slots[i];
}

static bool grow(struct live_table *table)
{
    size_t count = table->slots ? (table->mask + 1) * 2 : FIRST_SLOTS;
    struct live_slot *slots = gb_calloc(count, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; table->slots && i <= table->mask; i++)
        if (table->slots[i].used)
            *find(slots, count - 1, table->slots[i].id) = table->slots[i];
    gb_free(table->slots);
    table->slots = slots;
    table->mask = count - 1;
    return true;
}

static struct live_slot *find_or_add(struct live_table *table, const uint8_t id[STORE_ID])
{
    if (!table->slots || (table->used + 1) * 4 > (table->mask + 1) * 3)
        if (!grow(table))
            return NULL;
    struct live_slot *slot = find(table->slots, table->mask, id);
    if (!slot->used) {
        *slot = (struct live_slot){.used = true};
        memcpy(slot->id, id, STORE_ID);
        table->used++;
    }
    return slot;
}

bool live_set(struct live_table *table, const struct store_live *live)
{
    struct live_slot *slot = find_or_add(table, live->node);
    if (!slot || live->progress.len > LIVE_MAX_PROGRESS)
        return false;
    if (slot->len != live->progress.len || !slot->progress) {
        uint8_t *progress = gb_realloc(slot->progress, live->progress.len + 1, 1);
        if (!progress)
            return false;
        slot->progress = progress;
        slot->len = (uint16_t)live->progress.len;
    }
    if (slot->len > 0)
        memcpy(slot->progress, live->progress.data, slot->len);
    slot->verified_s = live->verified_s;
    table->dirty += !slot->dirty;
    slot->dirty = true;
    return true;
}

void live_forget(struct live_table *table, const uint8_t id[STORE_ID])
{
    if (!table->slots)
        return;
    struct live_slot *slot = find(table->slots, table->mask, id);
    if (!slot->used || !slot->dirty)
        return;
    slot->dirty = false;
    table->dirty--;
}

bool live_take(struct live_table *table, struct live_batch *ret_batch)
{
    *ret_batch = (struct live_batch){0};
    if (table->dirty == 0)
        return true;
    ret_batch->rows = gb_calloc(table->dirty, sizeof *ret_batch->rows);
    if (!ret_batch->rows)
        return false;
    for (size_t i = 0; i <= table->mask; i++) {
        struct live_slot *slot = &table->slots[i];
        if (!slot->dirty)
            continue;
        ret_batch->rows[ret_batch->count++] = *slot;
        slot->progress = NULL;
        slot->len = 0;
        slot->dirty = false;
    }
    table->dirty = 0;
    return true;
}

static int look_up(struct db *db, struct live_slot *row, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT num FROM node WHERE scope = ? AND id = ?");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(row->id, STORE_ID));
    int r = query_step(&q, err);
    if (r > 0)
        row->num = query_get_int(&q);
    return r < 0 ? r : GB_OK;
}

static int by_num(const void *a, const void *b)
{
    const struct live_slot *x = a, *y = b;
    return (x->num > y->num) - (x->num < y->num);
}

int live_write_one(struct db *db, int64_t num, int64_t verified_s, struct gb_bytes progress,
                   struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT INTO live (node, verified_s, progress) VALUES (?, ?, ?) ON CONFLICT (node) "
               "DO UPDATE SET verified_s = excluded.verified_s, progress = excluded.progress");
    query_int(&q, num);
    query_int(&q, verified_s);
    query_blob(&q, progress);
    return query_run(&q, err);
}

int live_write(struct db *db, struct live_batch *batch, struct gb_err *err)
{
    int r = GB_OK;
    for (size_t i = 0; i < batch->count && r == GB_OK; i++)
        if (batch->rows[i].num == 0)
            r = look_up(db, &batch->rows[i], err);
    if (r < 0)
        return r;
    if (batch->count > 0)
        qsort(batch->rows, batch->count, sizeof *batch->rows, by_num);
    for (size_t i = 0; i < batch->count && r == GB_OK; i++) {
        const struct live_slot *row = &batch->rows[i];
        if (row->num == 0) /* never enrolled: nothing to remember */
            continue;
        r = live_write_one(db, row->num, row->verified_s, gb_bytes(row->progress, row->len), err);
        batch->written += r == GB_OK;
    }
    return r;
}

void live_give_back(struct live_table *table, struct live_batch *batch, bool ok)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct live_slot *row = &batch->rows[i];
        struct live_slot *slot = find(table->slots, table->mask, row->id);
        slot->num = row->num;
        if (ok || slot->dirty) {
            gb_free(row->progress);
            continue;
        }
        gb_free(slot->progress);
        slot->progress = row->progress;
        slot->len = row->len;
        slot->verified_s = row->verified_s;
        slot->dirty = true;
        table->dirty++;
    }
    gb_free(batch->rows);
    *batch = (struct live_batch){0};
}
