/*
 * Digest to a number: the look-up behind every allow-list. Keys are digests of one length (20 to 64
 * bytes), so the first eight bytes of a key are its hash when `seed` is mixed in: an attacker who
 * chooses files cannot aim at one slot without finding digests for it, and never learns the seed.
 * Open addressing, at most three quarters full.
 */
#ifndef GB_BASE_MAP_H
#define GB_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

struct gb_map {
    size_t key_len;
    size_t count;
    size_t mask; /* slots - 1 */
    uint64_t seed;
    uint32_t *slots; /* value + 1, 0 is empty */
    const uint8_t *keys;
};

/*
 * Indexes `count` keys of `key_len` bytes that stand one after another at `keys` (borrowed: it must
 * outlive the map). Of equal keys the first wins. False when out of memory or count exceeds
 * UINT32_MAX - 1.
 */
GB_MUST_USE bool gb_map_build(struct gb_arena *arena, const uint8_t *keys, size_t key_len,
                              size_t count, uint64_t seed, struct gb_map *ret_map);

/* The key's position, or -1. `key` holds map->key_len bytes. */
int64_t gb_map_find(const struct gb_map *map, const uint8_t *key);

#endif
