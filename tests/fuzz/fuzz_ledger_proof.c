/* Aims at proof files: ledger_proof_read, ledger_proof_extra_read, ledger_proof_judge_leaf. What
 * was read is written again to the same bytes. */
#include <stdlib.h>

#include "ledger/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

static void must(int ok)
{
    if (!ok)
        abort();
}

static void read_extra(struct gb_bytes in)
{
    struct ledger_proof_extra extra;
    struct gb_buf again;
    const char *fault;
    if (ledger_proof_extra_read(in, &extra, NULL) < 0)
        return;
    must(extra.leaf.len == 0 || extra.leaf.len == ROUNDS_LEAF);
    gb_buf_init(&again, SIZE_MAX);
    ledger_proof_extra_write(&extra, &again);
    must(gb_buf_ok(&again) && gb_bytes_equal(gb_buf_bytes(&again), in));
    gb_buf_done(&again);
    if (extra.leaf.len > 0)
        (void)!ledger_proof_judge_leaf(digester, &extra, &fault, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ledger_proof proof;
    struct gb_buf again;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    must(arena != NULL);
    read_extra(gb_bytes(data, size));
    if (ledger_proof_read(arena, gb_bytes(data, size), &proof, NULL) < 0)
        return 0;
    must(proof.inclusion.count <= MERKLE_PROOF);
    gb_buf_init(&again, SIZE_MAX);
    ledger_proof_write(&proof, &again);
    must(gb_buf_ok(&again) && gb_bytes_equal(gb_buf_bytes(&again), gb_bytes(data, size)));
    gb_buf_done(&again);
    if (proof.extra.len > 0)
        read_extra(proof.extra);
    return 0;
}
