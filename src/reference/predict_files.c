#include "crypto/digest.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "reference/predict.h"

int predict_files(struct gb_arena *arena, enum digest_alg alg, const uint8_t *keys,
                  const struct gb_bytes *paths, size_t count, const char *name,
                  struct ref_set **ret_set, struct gb_err *err)
{
    struct ref_set *set = gb_arena_new_one(arena, struct ref_set);
    if (!set)
        return gb_err_nomem(err);
    set->name = name;
    set->cls = REF_PACKAGES;
    set->source = "predicted";
    const struct ref_files_parts parts = {alg, keys, paths, count};
    int r = ref_files_make(arena, &parts, &set->files, err);
    if (r == GB_OK)
        *ret_set = set;
    return r;
}
