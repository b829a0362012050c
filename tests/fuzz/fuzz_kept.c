/* Aims at kept_read, unpack and attest_again: what a server hands out of a node, and what a disk
 * gives back of a blob. What is read is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "attest/again.h"
#include "evidence/kept.h"
#include "wire/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

static void write_again(struct gb_arena *arena, const struct kept *kept)
{
    struct gb_buf a, b;
    struct kept again;
    gb_buf_init(&a, 16 << 20);
    gb_buf_init(&b, 16 << 20);
    kept_write(&a, kept);
    if (gb_buf_ok(&a)) {
        if (kept_read(arena, gb_buf_bytes(&a), &again, NULL) < 0)
            abort();
        kept_write(&b, &again);
        if (!gb_bytes_equal(gb_buf_bytes(&a), gb_buf_bytes(&b)))
            abort();
    }
    gb_buf_done(&a);
    gb_buf_done(&b);
}

/* No fuzzer makes a signature, so nobody is ever trusted. */
static void judge(struct gb_arena *arena, const struct kept *kept)
{
    static const struct trust trust;
    static const struct node_facts facts;
    struct claims claims;
    struct verdict verdict;
    if (attest_again(arena, digester, &trust, kept, &facts, 0, &claims, &verdict, NULL) < 0)
        return;
    if (verdict.tier != GB_TIER_CONTRAINDICATED)
        abort();
}

/* A blob says its size in two places; both must agree. */
static void unpack_it(struct gb_arena *arena, struct gb_bytes in)
{
    enum { MOST = 1 << 20 };
    struct gb_bytes out;
    if (in.len < 3)
        return;
    size_t said = ((size_t)in.data[0] << 16 | (size_t)in.data[1] << 8 | in.data[2]) % MOST;
    if (unpack(arena, gb_bytes_from(in, 3), said, &out, NULL) == GB_OK && out.len != said)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct kept kept;
    if (!arena || (!digester && digester_new(&digester, NULL) < 0))
        return 0;
    unpack_it(arena, gb_bytes(data, size));
    if (kept_read(arena, gb_bytes(data, size), &kept, NULL) < 0)
        return 0;
    write_again(arena, &kept);
    judge(arena, &kept);
    return 0;
}
