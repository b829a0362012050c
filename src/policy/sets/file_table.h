/* The inside of file_index.h: what building and looking up share. */
#ifndef GB_POLICY_FILE_TABLE_H
#define GB_POLICY_FILE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "crypto/digest.h"

/*
 * Each file has a number: those of one set stand together, and each set begins at a multiple of
 * TABLE_CHUNK, so that a small table finds the bytes. A slot holds a number + 1 and, in the bits
 * above, some bits of the hash: a digest that is another one is hardly ever looked at.
 */
enum { TABLE_CHUNK_BITS = 10, TABLE_CHUNK = 1 << TABLE_CHUNK_BITS, TABLE_KINDS = 2 * DIGEST_ALGS };

struct table {
    size_t size;         /* of a digest */
    uint64_t slot_count; /* 0: no file of this kind */
    unsigned bits;       /* of a slot that are the number + 1; 0 is an empty slot */
    uint32_t *slots;
    const uint8_t **chunks; /* by number / TABLE_CHUNK: the digests of that chunk */
    uint32_t *masks;        /* by number: which combination of sets knows the digest; set only for
                               the first file that has it */
};

struct file_index {
    uint64_t seed;
    size_t words;          /* of a combination */
    const uint64_t *known; /* combinations; the first is none */
    struct table tables[TABLE_KINDS];
};

static inline uint64_t table_hash(uint64_t seed, const uint8_t *digest)
{
    uint64_t h;
    memcpy(&h, digest, sizeof h);
    h = (h ^ seed) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

/* The upper half chooses the slot, the lower half is the tag. */
static inline uint64_t table_slot(const struct table *table, uint64_t hash)
{
    return (hash >> 32) * table->slot_count >> 32;
}

static inline uint32_t table_tag(const struct table *table, uint64_t hash)
{
    return (uint32_t)hash >> table->bits << table->bits;
}

static inline const uint8_t *table_digest(const struct table *table, uint32_t id)
{
    return table->chunks[id >> TABLE_CHUNK_BITS] + (id & (TABLE_CHUNK - 1)) * table->size;
}

/* The file that a slot which is not empty stands for. */
static inline uint32_t table_id(const struct table *table, uint32_t slot)
{
    return (slot & ((UINT32_C(1) << table->bits) - 1)) - 1;
}

/* The slot where the digest is, or where it would stand. */
static inline uint64_t table_find(const struct table *table, uint64_t hash, const uint8_t *digest)
{
    uint32_t tag = table_tag(table, hash);
    uint64_t slot = table_slot(table, hash);
    for (;; slot = slot + 1 == table->slot_count ? 0 : slot + 1) {
        uint32_t held = table->slots[slot];
        if (held == 0)
            return slot;
        if (held >> table->bits == tag >> table->bits &&
            memcmp(table_digest(table, table_id(table, held)), digest, table->size) == 0)
            return slot;
    }
}

#endif
