/*
 * Aims at policy_read and the writers: any bytes give a policy or GB_ERR_CONFIG, LIMIT, NOMEM; what
 * was read and written again reads back as many sets, events and files.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/policy.h"

static void must(int ok)
{
    if (!ok)
        abort();
}

static void compare(const struct ref_set *a, const struct ref_set *b)
{
    for (; a && b; a = a->next, b = b->next)
        must(a->event_count == b->event_count && a->files.count == b->files.count &&
             a->verity.count == b->verity.count && strcmp(a->name, b->name) == 0 &&
             strcmp(a->source, b->source) == 0);
    must(!a && !b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return 0;
    struct gb_err err = {0};
    struct policy policy = {0}, again = {0};
    struct policy_file file = {"f.yaml", gb_bytes(data, size)};
    int r = policy_read(arena, &file, 1, 1, &policy, &err);
    must(r == 0 || r == GB_ERR_CONFIG || r == GB_ERR_LIMIT || r == GB_ERR_NOMEM);
    if (r == 0 && policy.policies) { /* an AccessPolicy alone is none */
        struct gb_buf out;
        gb_buf_init(&out, GB_LIMIT_POLICY);
        for (const struct ref_set *set = policy.sets; set; set = set->next)
            ref_set_write(&out, set);
        node_policy_write(&out, policy.policies);
        file.bytes = gb_buf_bytes(&out);
        if (gb_buf_ok(&out)) {
            must(policy_read(arena, &file, 1, 1, &again, &err) == 0);
            compare(policy.sets, again.sets);
        }
        gb_buf_done(&out);
    }
    gb_arena_free(arena);
    return 0;
}
