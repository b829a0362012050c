/* The file digests of an import, and the sets that become of them. */
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"

void import_list_init(struct import_list *list)
{
    *list = (struct import_list){.count = 0};
    gb_buf_init(&list->keys, (size_t)GB_LIMIT_IMPORT_DIGESTS * GB_LIMIT_DIGEST);
    gb_buf_init(&list->paths, (size_t)GB_LIMIT_IMPORT_DIGESTS * sizeof(struct gb_bytes));
}

void import_list_done(struct import_list *list)
{
    gb_buf_done(&list->keys);
    gb_buf_done(&list->paths);
}

bool import_list_add(struct import_list *list, struct gb_arena *arena, struct gb_bytes digest,
                     struct gb_bytes path)
{
    struct gb_bytes kept = gb_arena_copy(arena, path);
    if (!kept.data || path.len > GB_LIMIT_IMPORT_TEXT || list->count == GB_LIMIT_IMPORT_DIGESTS)
        return false;
    gb_buf_add(&list->keys, digest.data, digest.len);
    gb_buf_add(&list->paths, &kept, sizeof kept);
    list->count++;
    return gb_buf_ok(&list->keys) && gb_buf_ok(&list->paths);
}

int import_list_take(const struct import_list *list, struct gb_arena *arena, enum digest_alg alg,
                     struct ref_files *ret_files, struct gb_err *err)
{
    struct gb_bytes *paths = gb_arena_new_array(arena, struct gb_bytes, list->count + 1);
    if (!paths)
        return gb_err_nomem(err);
    if (list->count > 0) /* a buffer of bytes is no array of spans */
        memcpy(paths, list->paths.data, list->paths.len);
    const struct ref_files_parts parts = {alg, list->keys.data, paths, list->count};
    return ref_files_make(arena, &parts, ret_files, err);
}

/* The class that files go to; REF_NONE when the operator wants none of such classes. */
static enum ref_class files_class(const struct import *import)
{
    if (import->only == REF_NONE)
        return REF_PACKAGES;
    return ref_class_has_files(import->only) ? import->only : REF_NONE;
}

static int files_set(struct import *import, size_t position, struct gb_err *err)
{
    enum digest_alg alg = digest_algs[position];
    enum ref_class cls = files_class(import);
    const struct import_list *list = &import->lists[position];
    if (list->count == 0)
        return GB_OK;
    if (cls == REF_NONE) {
        import_note(import, "%zu digests of files are left out: --class asks for %s", list->count,
                    ref_class_name(import->only));
        import->mapped -= list->count;
        return GB_OK;
    }
    const char *suffix =
        alg == DIGEST_SHA256
            ? ref_class_name(cls)
            : gb_arena_printf(import->arena, "%s-%s", ref_class_name(cls), digest_name(alg));
    struct ref_set *set = suffix ? import_new_set(import, cls, suffix) : NULL;
    if (!set) {
        import_fail(import, GB_ERR_NOMEM);
        return GB_OK;
    }
    return import_list_take(list, import->arena, alg, &set->files, err);
}

int import_finish(struct import *import, struct gb_err *err)
{
    for (size_t i = 0; i < DIGEST_ALGS && import->failed == GB_OK; i++) {
        int r = files_set(import, i, err);
        if (r < 0)
            return r;
    }
    if (import->failed == GB_ERR_NOMEM)
        return gb_err_nomem(err);
    if (import->failed == GB_ERR_LIMIT)
        return gb_err_set(
            err, GB_ERR_LIMIT,
            "more than %d sets or %d digests, a path of more than %d bytes, or out of "
            "memory: import it in parts",
            GB_LIMIT_IMPORT_SETS, GB_LIMIT_IMPORT_DIGESTS, GB_LIMIT_IMPORT_TEXT);
    if (import->failed != GB_OK)
        return gb_err_set(err, import->failed, "what was read contradicts itself: see the notes");
    if (import->mapped == 0 && import->weak > 0)
        return gb_err_set(err, GB_ERR_INPUT,
                          "nothing to import: its digests are SHA-1, which no set rests on");
    if (import->mapped == 0)
        return gb_err_set(err, GB_ERR_INPUT, "nothing in it that a reference set can hold");
    if (!import->sets) /* --class left all of them out */
        return gb_err_set(err, GB_ERR_INPUT, "nothing is left of it: see the notes");
    return GB_OK;
}
