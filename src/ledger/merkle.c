#include "ledger/merkle.h"

#include <string.h>

#include "crypto/digest.h"

int merkle_empty(struct digester *digester, uint8_t out[MERKLE_HASH])
{
    return digest_of(digester, DIGEST_SHA256, gb_bytes(NULL, 0), out);
}

int merkle_leaf(struct digester *digester, struct gb_bytes entry, uint8_t out[MERKLE_HASH])
{
    static const uint8_t prefix = 0x00; /* RFC 6962, 2.1 */
    return digest_of_two(digester, DIGEST_SHA256, gb_bytes(&prefix, 1), entry, out);
}

int merkle_node(struct digester *digester, const uint8_t left[MERKLE_HASH],
                const uint8_t right[MERKLE_HASH], uint8_t out[MERKLE_HASH])
{
    uint8_t node[1 + 2 * MERKLE_HASH];
    node[0] = 0x01;
    memcpy(node + 1, left, MERKLE_HASH);
    memcpy(node + 1 + MERKLE_HASH, right, MERKLE_HASH);
    return digest_of(digester, DIGEST_SHA256, gb_bytes(node, sizeof node), out);
}

int merkle_range_add(struct digester *digester, struct merkle_range *range,
                     const uint8_t leaf[MERKLE_HASH])
{
    if (range->size == MERKLE_SIZE_MAX)
        return GB_ERR_LIMIT;
    uint8_t hash[MERKLE_HASH];
    memcpy(hash, leaf, MERKLE_HASH);
    unsigned height = 0;
    for (; range->size >> height & 1; height++) { /* the carries of size + 1 */
        int r = merkle_node(digester, range->hashes[height], hash, hash);
        if (r < 0)
            return r;
    }
    memcpy(range->hashes[height], hash, MERKLE_HASH);
    range->size++;
    return GB_OK;
}

int merkle_range_root(struct digester *digester, const struct merkle_range *range,
                      uint8_t out[MERKLE_HASH])
{
    bool any = false;
    for (unsigned height = 0; height < MERKLE_LEVELS; height++) {
        int r = GB_OK;
        if (!(range->size >> height & 1))
            continue;
        if (any)
            r = merkle_node(digester, range->hashes[height], out, out);
        else
            memcpy(out, range->hashes[height], MERKLE_HASH);
        if (r < 0)
            return r;
        any = true;
    }
    return any ? GB_OK : merkle_empty(digester, out);
}

static bool same(const uint8_t a[MERKLE_HASH], const uint8_t b[MERKLE_HASH])
{
    return memcmp(a, b, MERKLE_HASH) == 0;
}

int merkle_verify_inclusion(struct digester *digester, uint64_t index, uint64_t size,
                            const uint8_t leaf[MERKLE_HASH], const uint8_t (*proof)[MERKLE_HASH],
                            size_t count, const uint8_t root[MERKLE_HASH], bool *ret_valid)
{
    *ret_valid = false;
    if (index >= size)
        return GB_OK;
    uint64_t at = index;
    uint64_t last = size - 1;
    uint8_t hash[MERKLE_HASH];
    memcpy(hash, leaf, MERKLE_HASH);
    for (size_t i = 0; i < count; i++) {
        if (last == 0)
            return GB_OK;
        bool is_right = (at & 1) || at == last;
        int r = is_right ? merkle_node(digester, proof[i], hash, hash)
                         : merkle_node(digester, hash, proof[i], hash);
        if (r < 0)
            return r;
        for (; is_right && !(at & 1) && at != 0; at >>= 1) /* levels without a sibling */
            last >>= 1;
        at >>= 1;
        last >>= 1;
    }
    *ret_valid = last == 0 && same(hash, root);
    return GB_OK;
}

int merkle_verify_consistency(struct digester *digester, uint64_t old_size, uint64_t size,
                              const uint8_t old_root[MERKLE_HASH], const uint8_t root[MERKLE_HASH],
                              const uint8_t (*proof)[MERKLE_HASH], size_t count, bool *ret_valid)
{
    *ret_valid = false;
    if (old_size == 0)
        return GB_OK;
    return merkle_verify_subtree_consistency(digester, 0, old_size, size, old_root, root, proof,
                                             count, ret_valid);
}

int merkle_verify_growth(struct digester *digester, uint64_t old_size, uint64_t size,
                         const uint8_t old_root[MERKLE_HASH], const uint8_t root[MERKLE_HASH],
                         const uint8_t (*proof)[MERKLE_HASH], size_t count, bool *ret_valid)
{
    if (old_size > 0)
        return merkle_verify_consistency(digester, old_size, size, old_root, root, proof, count,
                                         ret_valid);
    uint8_t empty[MERKLE_HASH];
    *ret_valid = false;
    int r = merkle_empty(digester, empty);
    if (r == GB_OK)
        *ret_valid = count == 0 && size <= MERKLE_SIZE_MAX && (size > 0 || same(root, empty));
    return r;
}

/* Whether [start, end) can be a subtree at all; the empty one stands at 0. */
static bool is_subtree(uint64_t start, uint64_t end)
{
    if (start >= end || end > MERKLE_SIZE_MAX)
        return false;
    uint64_t ceil = 1;
    while (ceil < end - start)
        ceil <<= 1;
    return start % ceil == 0;
}

int merkle_verify_subtree_inclusion(struct digester *digester, uint64_t index, uint64_t start,
                                    uint64_t end, const uint8_t leaf[MERKLE_HASH],
                                    const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                    const uint8_t root[MERKLE_HASH], bool *ret_valid)
{
    *ret_valid = false;
    if (!is_subtree(start, end) || index < start || index >= end)
        return GB_OK;
    return merkle_verify_inclusion(digester, index - start, end - start, leaf, proof, count, root,
                                   ret_valid);
}

/* The walk from a subtree upward: first and last leaf of the subtree and last leaf of the tree, as
 * node numbers at the present height. */
struct climb {
    uint64_t first;
    uint64_t last;
    uint64_t tree;
    uint8_t sub[MERKLE_HASH];  /* grows into the subtree's hash */
    uint8_t root[MERKLE_HASH]; /* grows into the tree's */
};

static void rise(struct climb *climb)
{
    climb->first >>= 1;
    climb->last >>= 1;
    climb->tree >>= 1;
}

/* One hash of the proof. */
static int climb_step(struct digester *digester, struct climb *climb,
                      const uint8_t hash[MERKLE_HASH])
{
    int r = GB_OK;
    if ((climb->last & 1) || climb->last == climb->tree) {
        if (climb->first < climb->last)
            r = merkle_node(digester, hash, climb->sub, climb->sub);
        if (r == GB_OK)
            r = merkle_node(digester, hash, climb->root, climb->root);
        while (!(climb->last & 1) && climb->last != 0)
            rise(climb);
    } else {
        r = merkle_node(digester, climb->root, hash, climb->root);
    }
    rise(climb);
    return r;
}

/* RFC 9162, 2.1.4.2, for subtrees that begin anywhere (draft-ietf-plants-merkle-tree-certs, 4.4).
 */
static int climb(struct digester *digester, struct climb *climb, const uint8_t subtree[MERKLE_HASH],
                 const uint8_t root[MERKLE_HASH], const uint8_t (*proof)[MERKLE_HASH], size_t count,
                 bool *ret_valid)
{
    bool whole = climb->last == climb->tree;
    while (climb->first != climb->last && (whole || (climb->last & 1)))
        rise(climb);
    size_t used = 0;
    const uint8_t *begin = subtree; /* a complete subtree is a node of the tree itself */
    if (climb->first != climb->last) {
        if (count == 0)
            return GB_OK;
        begin = proof[used++];
    }
    memcpy(climb->sub, begin, MERKLE_HASH);
    memcpy(climb->root, begin, MERKLE_HASH);
    for (; used < count; used++) {
        if (climb->tree == 0)
            return GB_OK;
        int r = climb_step(digester, climb, proof[used]);
        if (r < 0)
            return r;
    }
    *ret_valid = climb->tree == 0 && same(climb->sub, subtree) && same(climb->root, root);
    return GB_OK;
}

int merkle_verify_subtree_consistency(struct digester *digester, uint64_t start, uint64_t end,
                                      uint64_t size, const uint8_t subtree[MERKLE_HASH],
                                      const uint8_t root[MERKLE_HASH],
                                      const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                      bool *ret_valid)
{
    *ret_valid = false;
    if (start == end) { /* nothing stands in every tree, and has one hash only */
        uint8_t empty[MERKLE_HASH];
        int r = merkle_empty(digester, empty);
        if (r == GB_OK)
            *ret_valid = end <= size && count == 0 && same(subtree, empty);
        return r;
    }
    if (!is_subtree(start, end) || end > size || size > MERKLE_SIZE_MAX)
        return GB_OK;
    struct climb from = {.first = start, .last = end - 1, .tree = size - 1};
    return climb(digester, &from, subtree, root, proof, count, ret_valid);
}
