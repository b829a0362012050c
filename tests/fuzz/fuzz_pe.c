/* Aims at pe_read, authenticode_digest, uki_read and what predict_uki and predict_parts make of
 * them. */
#include <stdlib.h>

#include "base/arena.h"
#include "reference/predict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

static void check(int r, const struct ref_set *set)
{
    if (r != 0)
        return;
    for (const struct ref_event *event = set->events; event; event = event->next)
        if (event->digest[1].len != digest_size(DIGEST_SHA256) || !event->about)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    struct ref_set *set = NULL;
    struct gb_err err;
    const struct predict_image image = {"x.efi", gb_bytes(data, size)};
    int r = predict_uki(arena, digester, &image, size % 2 == 0, "x", &set, &err);
    check(r, set);
    struct predict_parts parts = {
        .kernel_file = "x", .kernel = gb_bytes(data, size), .cmdline = gb_bytes_str("quiet")};
    r = predict_parts(arena, digester, &parts, "x", &set, &err);
    check(r, set);
    gb_arena_free(arena);
    return 0;
}
