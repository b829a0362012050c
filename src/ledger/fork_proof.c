#include "ledger/fork_proof.h"

#include <string.h>

#include "crypto/digest.h"
#include "ledger/merkle.h"

static bool same(const uint8_t a[MERKLE_HASH], const uint8_t b[MERKLE_HASH])
{
    return memcmp(a, b, MERKLE_HASH) == 0;
}

/* The two roots that the proof leads to. False when it is too short or too long for the sizes. */
struct roots {
    uint8_t old_root[MERKLE_HASH];
    uint8_t root[MERKLE_HASH];
    bool whole;
};

/* RFC 9162, 2.1.4.2, from step 4 on; old_size is no power of two, so the proof brings both roots'
 * first node. */
static int lead(struct digester *digester, uint64_t old_size, uint64_t size,
                const uint8_t (*proof)[MERKLE_HASH], size_t count, struct roots *roots)
{
    uint64_t fn = old_size - 1, sn = size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    memcpy(roots->old_root, proof[0], MERKLE_HASH);
    memcpy(roots->root, proof[0], MERKLE_HASH);
    for (size_t i = 1; i < count; i++) {
        int r = 0;
        if (sn == 0)
            return 0;
        if ((fn & 1) || fn == sn) {
            r = merkle_node(digester, proof[i], roots->old_root, roots->old_root);
            if (r == 0)
                r = merkle_node(digester, proof[i], roots->root, roots->root);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = merkle_node(digester, roots->root, proof[i], roots->root);
        }
        if (r < 0)
            return r;
        fn >>= 1;
        sn >>= 1;
    }
    roots->whole = sn == 0;
    return 0;
}

int fork_proof_holds(struct digester *digester, uint64_t old_size, uint64_t size,
                     const uint8_t old_root[MERKLE_HASH], const uint8_t root[MERKLE_HASH],
                     const uint8_t (*proof)[MERKLE_HASH], size_t count, bool *ret_forked)
{
    struct roots roots = {.whole = false};
    *ret_forked = false;
    if (old_size == size) {
        *ret_forked = !same(old_root, root);
        return 0;
    }
    if (old_size > size || count == 0 || (old_size & (old_size - 1)) == 0)
        return 0;
    int r = lead(digester, old_size, size, proof, count, &roots);
    if (r == 0)
        *ret_forked = roots.whole && same(roots.root, root) && !same(roots.old_root, old_root);
    return r;
}
