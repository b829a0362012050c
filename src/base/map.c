#include "base/map.h"

#include <string.h>

static size_t slot_of(const struct gb_map *map, const uint8_t *key)
{
    uint64_t h;
    memcpy(&h, key, sizeof h);
    h = (h ^ map->seed) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 32) & map->mask;
}

static const uint8_t *key_at(const struct gb_map *map, uint32_t stored)
{
    return map->keys + (size_t)(stored - 1) * map->key_len;
}

static void insert(struct gb_map *map, uint32_t value)
{
    const uint8_t *key = key_at(map, value + 1);
    size_t slot = slot_of(map, key);
    while (map->slots[slot] != 0) {
        if (memcmp(key_at(map, map->slots[slot]), key, map->key_len) == 0)
            return;
        slot = (slot + 1) & map->mask;
    }
    map->slots[slot] = value + 1;
    map->count++;
}

bool gb_map_build(struct gb_arena *arena, const uint8_t *keys, size_t key_len, size_t count,
                  uint64_t seed, struct gb_map *ret_map)
{
    if (count >= UINT32_MAX || key_len < sizeof(uint64_t))
        return false;
    size_t slots = 8;
    while (slots / 4 * 3 < count)
        slots *= 2;
    struct gb_map map = {.key_len = key_len, .mask = slots - 1, .seed = seed, .keys = keys};
    map.slots = gb_arena_new_array(arena, uint32_t, slots);
    if (!map.slots)
        return false;
    for (size_t i = 0; i < count; i++)
        insert(&map, (uint32_t)i);
    *ret_map = map;
    return true;
}

int64_t gb_map_find(const struct gb_map *map, const uint8_t *key)
{
    if (!map->slots)
        return -1;
    size_t slot = slot_of(map, key);
    for (; map->slots[slot] != 0; slot = (slot + 1) & map->mask)
        if (memcmp(key_at(map, map->slots[slot]), key, map->key_len) == 0)
            return (int64_t)map->slots[slot] - 1;
    return -1;
}
