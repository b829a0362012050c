#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "policy/sets/file_index.h"
#include "policy/sets/file_table.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"

enum { AHEAD = 16 }; /* memory is slower than hashing */

/* How combinations come to be: sets are taken in their order, so each is an earlier one and the set
 * that is being taken. */
struct builder {
    struct file_index *index;
    uint64_t *known; /* owned until the end */
    size_t known_count, known_room;
    uint32_t *next; /* by combination: the same with this set, or 0. Owned. */
    size_t next_room;
};

static const struct ref_files *files_of(const struct ref_set *set, bool verity)
{
    return verity ? &set->verity : &set->files;
}

static uint64_t numbers_of(const struct ref_files *files)
{
    return (files->count + TABLE_CHUNK - 1) / TABLE_CHUNK * TABLE_CHUNK;
}

/* How many numbers the files of this kind take, and how many files they are. */
static uint64_t count_numbers(const struct ref_set *sets, bool verity, enum digest_alg alg,
                              uint64_t *ret_files)
{
    uint64_t numbers = 0, count = 0;
    for (const struct ref_set *set = sets; set; set = set->next) {
        const struct ref_files *files = files_of(set, verity);
        if (files->alg != alg || files->count == 0)
            continue;
        count += files->count;
        numbers += numbers_of(files);
    }
    *ret_files = count;
    return numbers;
}

static int make_table(struct gb_arena *arena, const struct ref_set *sets, bool verity,
                      enum digest_alg alg, struct table *table, struct gb_err *err)
{
    uint64_t count, numbers = count_numbers(sets, verity, alg, &count);
    if (count == 0)
        return GB_OK;
    if (numbers > GB_LIMIT_INDEX_FILES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d files in all reference sets",
                          GB_LIMIT_INDEX_FILES);
    table->size = digest_size(alg);
    table->slot_count = count + count / 3 + 1;
    for (table->bits = TABLE_CHUNK_BITS; UINT64_C(1) << table->bits <= numbers;)
        table->bits++;
    table->slots = gb_arena_new_array(arena, uint32_t, table->slot_count);
    table->chunks = gb_arena_new_array(arena, const uint8_t *, numbers / TABLE_CHUNK);
    table->masks = gb_arena_new_array(arena, uint32_t, numbers);
    return table->slots && table->chunks && table->masks ? GB_OK : gb_err_nomem(err);
}

/* Room for one more combination; NULL when out of memory. */
static uint64_t *new_combination(struct builder *b)
{
    size_t words = b->index->words;
    if (b->known_count == b->known_room) {
        size_t room = b->known_room ? 2 * b->known_room : 64;
        uint64_t *grown = gb_realloc(b->known, room * words, sizeof *grown);
        if (!grown)
            return NULL;
        b->known = grown;
        b->known_room = room;
    }
    return b->known + b->known_count++ * words;
}

/* `old` and the set at `place`; 0 when out of memory. */
static uint32_t combine(struct builder *b, uint32_t old, size_t place)
{
    size_t words = b->index->words;
    uint64_t *to = new_combination(b);
    if (!to)
        return 0;
    memcpy(to, b->known + old * words, words * sizeof *to);
    to[place / 64] |= UINT64_C(1) << place % 64;
    return (uint32_t)(b->known_count - 1);
}

/* Forgets what the set before made of the combinations. */
static bool begin_set(struct builder *b)
{
    if (b->known_count > b->next_room) {
        uint32_t *grown = gb_realloc(b->next, b->known_room, sizeof *grown);
        if (!grown)
            return false;
        b->next = grown;
        b->next_room = b->known_room;
    }
    memset(b->next, 0, b->known_count * sizeof *b->next);
    return true;
}

/* One file of the set at `place`. Combinations from `before` on were made for this set: it has the
 * digest twice. */
static bool add_file(struct builder *b, struct table *table, uint32_t id, size_t before,
                     size_t place)
{
    const uint8_t *digest = table_digest(table, id);
    uint64_t hash = table_hash(b->index->seed, digest);
    uint64_t slot = table_find(table, hash, digest);
    if (table->slots[slot] == 0)
        table->slots[slot] = table_tag(table, hash) | (id + 1);
    uint32_t first = table_id(table, table->slots[slot]);
    uint32_t old = table->masks[first];
    if (old >= before)
        return true;
    if (b->next[old] == 0)
        b->next[old] = combine(b, old, place);
    table->masks[first] = b->next[old];
    return b->next[old] != 0;
}

static bool add_set(struct builder *b, struct table *table, const struct ref_files *files,
                    size_t place, uint32_t id)
{
    size_t before = b->known_count;
    if (!begin_set(b))
        return false;
    for (size_t i = 0; i < files->count; i += TABLE_CHUNK)
        table->chunks[(id + i) >> TABLE_CHUNK_BITS] = files->digests + i * table->size;
    for (size_t i = 0; i < files->count; i++) {
        if (i + AHEAD < files->count)
            __builtin_prefetch(&table->slots[table_slot(
                table, table_hash(b->index->seed, files->digests + (i + AHEAD) * table->size))]);
        if (!add_file(b, table, id + (uint32_t)i, before, place))
            return false;
    }
    return true;
}

static int fill_table(struct builder *b, struct gb_arena *arena, const struct ref_set *sets,
                      size_t kind, struct gb_err *err)
{
    bool verity = kind >= DIGEST_ALGS;
    enum digest_alg alg = digest_algs[kind % DIGEST_ALGS];
    struct table *table = &b->index->tables[kind];
    uint32_t id = 0;
    int r = make_table(arena, sets, verity, alg, table, err);
    for (const struct ref_set *set = sets; r == GB_OK && set; set = set->next) {
        const struct ref_files *files = files_of(set, verity);
        if (files->alg != alg || files->count == 0)
            continue;
        if (!add_set(b, table, files, set->place, id))
            r = gb_err_nomem(err);
        id += (uint32_t)numbers_of(files);
    }
    return r;
}

static int build(struct builder *b, struct gb_arena *arena, const struct ref_set *sets,
                 struct gb_err *err)
{
    uint64_t *none = new_combination(b);
    if (!none)
        return gb_err_nomem(err);
    memset(none, 0, b->index->words * sizeof *none);
    for (size_t kind = 0; kind < TABLE_KINDS; kind++) {
        int r = fill_table(b, arena, sets, kind, err);
        if (r < 0)
            return r;
    }
    size_t count = b->known_count * b->index->words;
    uint64_t *known = gb_arena_alloc_raw(arena, count, sizeof *known);
    if (!known)
        return gb_err_nomem(err);
    memcpy(known, b->known, count * sizeof *known);
    b->index->known = known;
    return GB_OK;
}

int file_index_build(struct gb_arena *arena, struct ref_set *sets, uint64_t seed,
                     const struct file_index **ret_index, struct gb_err *err)
{
    struct file_index *index = gb_arena_new_one(arena, struct file_index);
    struct builder b = {.index = index};
    size_t count = 0;
    if (!index)
        return gb_err_nomem(err);
    for (struct ref_set *set = sets; set; set = set->next)
        set->place = count++;
    if (count > GB_LIMIT_SETS)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d reference sets", GB_LIMIT_SETS);
    index->seed = seed;
    index->words = count > 0 ? (count + 63) / 64 : 1;
    int r = build(&b, arena, sets, err);
    gb_free(b.known);
    gb_free(b.next);
    if (r == GB_OK)
        *ret_index = index;
    return r;
}
