#include "policy/path_index.h"

#include "crypto/digest.h"
#include "policy/judge.h"
#include "policy/refval.h"

/* FNV-1a over seed and path. Who collides two paths gains a worse hint in a message. */
static uint64_t hash_of(uint64_t seed, struct gb_bytes path)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < path.len; i++)
        h = (h ^ path.data[i]) * UINT64_C(0x100000001b3);
    return h;
}

static size_t count_files(const struct ref_set *sets)
{
    size_t count = 0;
    for (const struct ref_set *set = judge_next_set(sets, REF_PACKAGES); set;
         set = judge_next_set(set->next, REF_PACKAGES))
        count += set->files.count;
    return count;
}

int path_index_build(struct gb_arena *arena, const struct ref_set *sets,
                     struct path_index *ret_index, struct gb_err *err)
{
    size_t count = count_files(sets), at = 0;
    struct gb_bytes *paths = gb_arena_alloc_raw(arena, count + 1, sizeof *paths);
    struct gb_bytes *digests = gb_arena_alloc_raw(arena, count + 1, sizeof *digests);
    enum digest_alg *algs = gb_arena_alloc_raw(arena, count + 1, sizeof *algs);
    uint64_t *keys = gb_arena_alloc_raw(arena, count + 1, sizeof *keys);
    struct path_index index = {.count = count, .paths = paths, .digests = digests, .algs = algs};
    if (!paths || !digests || !algs || !keys)
        return gb_err_nomem(err);
    for (const struct ref_set *set = judge_next_set(sets, REF_PACKAGES); set;
         set = judge_next_set(set->next, REF_PACKAGES)) {
        const struct ref_files *files = &set->files;
        size_t size = digest_size(files->alg);
        if (files->count > 0)
            index.seed = files->map.seed;
        for (size_t i = 0; i < files->count; i++, at++) {
            paths[at] = files->paths[i];
            digests[at] = gb_bytes(files->keys + i * size, size);
            algs[at] = files->alg;
        }
    }
    for (size_t i = 0; i < count; i++)
        keys[i] = hash_of(index.seed, paths[i]);
    if (!gb_map_build(arena, (const uint8_t *)keys, sizeof *keys, count, index.seed, &index.map))
        return gb_err_nomem(err);
    *ret_index = index;
    return GB_OK;
}

struct gb_bytes path_index_find(const struct path_index *index, struct gb_bytes path,
                                enum digest_alg *ret_alg)
{
    uint64_t key = hash_of(index->seed, path);
    int64_t at = gb_map_find(&index->map, (const uint8_t *)&key);
    if (at < 0 || !gb_bytes_equal(index->paths[at], path))
        return gb_bytes(NULL, 0);
    *ret_alg = index->algs[at];
    return index->digests[at];
}
