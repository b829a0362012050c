/* Making packed lists of files (ref_files.h). */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/ref_files_pack.h"
#include "policy/sets/ref_files_sort.h"

struct maker {
    struct gb_arena *arena;
    const struct ref_files_parts *parts;
    const struct ref_path *order; /* NULL: the parts are in order as they are */
    struct ref_files files;       /* what was packed so far */
    uint8_t *digests;
    uint32_t *blocks;
    struct gb_buf paths;
    uint32_t ima_policies[GB_LIMIT_IMA_POLICIES];
};

static size_t place_of(const struct maker *m, size_t i)
{
    return m->order ? m->order[i].from : i;
}

static bool is_sorted(const struct ref_files_parts *parts)
{
    for (size_t i = 1; i < parts->count; i++)
        if (ref_path_order(parts->paths[i - 1], parts->paths[i]) > 0)
            return false;
    return true;
}

/* Whoever writes sets writes them in order, so this is seldom. */
static int sort(struct gb_arena *scratch, struct maker *m, struct gb_err *err)
{
    const struct ref_files_parts *parts = m->parts;
    if (is_sorted(parts))
        return GB_OK;
    struct ref_path *order = gb_arena_alloc_raw(scratch, parts->count, sizeof *order);
    if (!order)
        return gb_err_nomem(err);
    for (size_t i = 0; i < parts->count; i++)
        order[i] = (struct ref_path){.data = parts->paths[i].data,
                                     .len = (uint32_t)parts->paths[i].len,
                                     .from = (uint32_t)i};
    ref_paths_sort(order, parts->count);
    m->order = order;
    return GB_OK;
}

static size_t number(uint8_t *out, size_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        out[len++] = (uint8_t)(value | 0x80);
    out[len++] = (uint8_t)value;
    return len;
}

/* Eight bytes at a time: neighbours share long beginnings. */
static size_t shared_with(struct gb_bytes before, struct gb_bytes path)
{
    size_t len = before.len < path.len ? before.len : path.len, i = 0;
    while (i + 8 <= len && memcmp(before.data + i, path.data + i, 8) == 0)
        i += 8;
    while (i < len && before.data[i] == path.data[i])
        i++;
    return i;
}

static bool is_ima_policy(struct gb_bytes path)
{
    static const char name[] = "/ima-policy";
    size_t len = sizeof name - 1;
    return path.len >= len && path.data[path.len - 1] == 'y' &&
           memcmp(path.data + path.len - len, name, len) == 0;
}

static void add_path(struct maker *m, struct gb_bytes before, struct gb_bytes path)
{
    uint8_t head[20];
    size_t len = 0, shared = 0, count = m->files.count;
    if (count % REF_FILES_BLOCK == 0) {
        m->blocks[count / REF_FILES_BLOCK] = (uint32_t)m->paths.len;
    } else {
        shared = shared_with(before, path);
        len = number(head, shared);
    }
    len += number(head + len, path.len - shared);
    gb_buf_add(&m->paths, head, len);
    if (path.len > shared)
        gb_buf_add(&m->paths, path.data + shared, path.len - shared);
    if (path.len > m->files.path_max)
        m->files.path_max = path.len;
}

static int add_file(struct maker *m, struct gb_bytes before, size_t from, struct gb_err *err)
{
    struct gb_bytes path = m->parts->paths[from];
    size_t size = digest_size(m->files.alg), count = m->files.count;
    const uint8_t *digest = m->parts->digests + from * size;
    if (count > 0 && gb_bytes_equal(before, path) &&
        memcmp(m->digests + (count - 1) * size, digest, size) == 0)
        return GB_OK;
    if (is_ima_policy(path)) {
        if (m->files.ima_policy_count == GB_LIMIT_IMA_POLICIES)
            return gb_err_set(err, GB_ERR_LIMIT, "more than %d files called ima-policy",
                              GB_LIMIT_IMA_POLICIES);
        m->ima_policies[m->files.ima_policy_count++] = (uint32_t)count;
    }
    add_path(m, before, path);
    memcpy(m->digests + count * size, digest, size);
    m->files.count++;
    return GB_OK;
}

static int add_files(struct maker *m, struct gb_err *err)
{
    struct gb_bytes before = gb_bytes(NULL, 0);
    for (size_t i = 0; i < m->parts->count; i++) {
        size_t from = place_of(m, i);
        int r = add_file(m, before, from, err);
        if (r < 0)
            return r;
        before = m->parts->paths[from];
    }
    return gb_buf_ok(&m->paths) ? GB_OK : gb_err_nomem(err);
}

/* Keeps what the buffers hold. */
static int finish(struct maker *m, struct ref_files *ret_files, struct gb_err *err)
{
    struct ref_files *files = &m->files;
    files->digests = m->digests;
    files->blocks = m->blocks;
    files->paths = gb_arena_copy(m->arena, gb_buf_bytes(&m->paths));
    uint32_t *policies =
        gb_arena_alloc_raw(m->arena, files->ima_policy_count + 1, sizeof *policies);
    if (!files->paths.data || !policies)
        return gb_err_nomem(err);
    memcpy(policies, m->ima_policies, files->ima_policy_count * sizeof *policies);
    files->ima_policies = policies;
    *ret_files = *files;
    return GB_OK;
}

static int check(const struct ref_files_parts *parts, struct gb_err *err)
{
    size_t total = 0;
    if (parts->count > GB_LIMIT_SET_FILES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d files in a set", GB_LIMIT_SET_FILES);
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->paths[i].len > GB_LIMIT_FILE_PATH)
            return gb_err_set(err, GB_ERR_LIMIT, "a path of more than %d bytes",
                              GB_LIMIT_FILE_PATH);
        total += parts->paths[i].len;
    }
    if (total > GB_LIMIT_SET_PATHS)
        return gb_err_set(err, GB_ERR_LIMIT, "the paths of a set have more than %d bytes",
                          GB_LIMIT_SET_PATHS);
    return GB_OK;
}

int ref_files_make(struct gb_arena *arena, const struct ref_files_parts *parts,
                   struct ref_files *ret_files, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    struct maker m = {.arena = arena, .parts = parts, .files = {.alg = parts->alg}};
    size_t size = digest_size(parts->alg);
    int r = check(parts, err);
    if (r < 0)
        return r;
    m.digests = gb_arena_alloc_raw(arena, parts->count + 1, size);
    m.blocks = gb_arena_alloc_raw(arena, parts->count / REF_FILES_BLOCK + 1, sizeof *m.blocks);
    if (!scratch || !m.digests || !m.blocks)
        return gb_err_nomem(err);
    r = sort(scratch, &m, err);
    if (r < 0)
        return r;
    gb_buf_init(&m.paths, UINT32_MAX);
    r = add_files(&m, err);
    if (r == GB_OK)
        r = finish(&m, ret_files, err);
    gb_buf_done(&m.paths);
    return r;
}
