#include <string.h>

#include "crypto/digest.h"
#include "ledger/merkle.h"

int merkle_range_load(const struct merkle_source *source, uint64_t size,
                      struct merkle_range *ret_range, struct gb_err *err)
{
    struct merkle_range range = {.size = size};
    if (size > MERKLE_SIZE_MAX)
        return gb_err_set(err, GB_ERR_LIMIT, "no tree has so many leaves");
    for (unsigned height = 0; height < MERKLE_LEVELS; height++) {
        if (!(size >> height & 1))
            continue;
        /* What stands before this subtree are all the higher bits. */
        uint64_t index = (size >> height) - 1;
        int r = source->node(source->arg, height, index, range.hashes[height], err);
        if (r < 0)
            return r;
    }
    *ret_range = range;
    return GB_OK;
}

/* The hash over `count` leaves from `first` on, which is a multiple of every complete subtree in
 * it: its subtrees from the right to the left. */
static int span(struct digester *digester, const struct merkle_source *source, uint64_t first,
                uint64_t count, uint8_t out[MERKLE_HASH], struct gb_err *err)
{
    bool any = false;
    for (unsigned height = 0; height < MERKLE_LEVELS; height++) {
        if (!(count >> height & 1))
            continue;
        uint8_t hash[MERKLE_HASH];
        uint64_t begin = first + (count >> height << height) - (UINT64_C(1) << height);
        int r = source->node(source->arg, height, begin >> height, hash, err);
        if (r < 0)
            return r;
        if (any)
            r = merkle_node(digester, hash, out, out);
        else
            memcpy(out, hash, MERKLE_HASH);
        if (r < 0)
            return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
        any = true;
    }
    return GB_OK;
}

/* The largest power of two below `size`, which is 2 or more (RFC 6962, 2.1). */
static uint64_t split(uint64_t size)
{
    uint64_t k = 1;
    while (k < size - k)
        k <<= 1;
    return k;
}

/* A part of the tree on the way down from its root. */
struct part {
    uint64_t first;
    uint64_t size;
    uint64_t rest; /* of the leaf's index, or of the old size */
};

static int push(struct digester *digester, const struct merkle_source *source, uint64_t first,
                uint64_t count, struct merkle_proof *proof, struct gb_err *err)
{
    if (proof->count == MERKLE_PROOF)
        return gb_err_set(err, GB_ERR_BUG, "a proof longer than any");
    return span(digester, source, first, count, proof->hashes[proof->count++], err);
}

/* Goes to the left or the right half; the other half's hash joins the proof. */
static int descend(struct digester *digester, const struct merkle_source *source, bool left,
                   struct part *part, struct merkle_proof *proof, struct gb_err *err)
{
    uint64_t k = split(part->size);
    int r;
    if (left) {
        r = push(digester, source, part->first + k, part->size - k, proof, err);
        part->size = k;
    } else {
        r = push(digester, source, part->first, k, proof, err);
        part->first += k;
        part->size -= k;
        part->rest -= k;
    }
    return r;
}

/* Proofs are written from the leaf's side upward. */
static void turn(struct merkle_proof *proof)
{
    for (size_t a = 0, b = proof->count; a + 1 < b; a++) {
        uint8_t hash[MERKLE_HASH];
        b--;
        memcpy(hash, proof->hashes[a], MERKLE_HASH);
        memcpy(proof->hashes[a], proof->hashes[b], MERKLE_HASH);
        memcpy(proof->hashes[b], hash, MERKLE_HASH);
    }
}

int merkle_prove_inclusion(struct digester *digester, const struct merkle_source *source,
                           uint64_t index, uint64_t size, struct merkle_proof *ret_proof,
                           struct gb_err *err)
{
    if (index >= size || size > MERKLE_SIZE_MAX)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no entry %llu in a log of %llu",
                          (unsigned long long)index, (unsigned long long)size);
    struct part part = {.size = size, .rest = index};
    ret_proof->count = 0;
    while (part.size > 1) {
        bool left = part.rest < split(part.size);
        int r = descend(digester, source, left, &part, ret_proof, err);
        if (r < 0)
            return r;
    }
    turn(ret_proof);
    return GB_OK;
}

int merkle_prove_consistency(struct digester *digester, const struct merkle_source *source,
                             uint64_t old_size, uint64_t size, struct merkle_proof *ret_proof,
                             struct gb_err *err)
{
    if (old_size > size || size > MERKLE_SIZE_MAX)
        return gb_err_set(err, GB_ERR_NOTFOUND, "a log of %llu entries never had %llu",
                          (unsigned long long)size, (unsigned long long)old_size);
    struct part part = {.size = size, .rest = old_size};
    ret_proof->count = 0;
    if (old_size == 0)
        return GB_OK;
    bool whole = true; /* the old tree is this very part: its hash is known to who asks */
    while (part.rest != part.size) {
        bool left = part.rest <= split(part.size);
        int r = descend(digester, source, left, &part, ret_proof, err);
        if (r < 0)
            return r;
        whole &= left;
    }
    if (!whole) {
        int r = push(digester, source, part.first, part.size, ret_proof, err);
        if (r < 0)
            return r;
    }
    turn(ret_proof);
    return GB_OK;
}
