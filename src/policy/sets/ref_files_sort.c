/* Multikey quicksort (Bentley, Sedgewick 1997) over eight bytes at a time, which stand beside the
 * pointer: paths share long beginnings, and to follow a pointer for each comparison is what costs.
 */
#include "policy/sets/ref_files_sort.h"

#include <stdlib.h>
#include <string.h>

enum { FEW = 24 }; /* so many are put in order by insertion */

int ref_path_order(struct gb_bytes a, struct gb_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Bytes beyond the end count as zero: what ended is told from what goes on by its length. */
static uint64_t key_at(const struct ref_path *path, size_t depth)
{
    uint64_t key = 0;
    size_t left = path->len > depth ? path->len - depth : 0;
    for (size_t i = 0; i < sizeof key; i++)
        key = key << 8 | (i < left ? path->data[depth + i] : 0);
    return key;
}

static int compare(const struct ref_path *a, const struct ref_path *b)
{
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    int order = ref_path_order(gb_bytes(a->data, a->len), gb_bytes(b->data, b->len));
    return order != 0 ? order : (a->from > b->from) - (a->from < b->from);
}

static void insert_all(struct ref_path *paths, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct ref_path path = paths[i];
        size_t at = i;
        for (; at > 0 && compare(&path, &paths[at - 1]) < 0; at--)
            paths[at] = paths[at - 1];
        paths[at] = path;
    }
}

static void swap(struct ref_path *a, struct ref_path *b)
{
    struct ref_path held = *a;
    *a = *b;
    *b = held;
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
    if ((a <= b) == (b <= c))
        return b;
    return (b <= a) == (a <= c) ? a : c;
}

/* Where in a list of files somebody puts what is not his to choose: the places are spread. */
static uint64_t pick_pivot(const struct ref_path *paths, size_t count)
{
    uint64_t mix = count * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)paths >> 4;
    size_t step = count / 3;
    return median(paths[mix % step].key, paths[step + (mix >> 16) % step].key,
                  paths[2 * step + (mix >> 32) % step].key);
}

struct range {
    struct ref_path *paths;
    size_t count;
    size_t depth; /* the keys hold the bytes behind it; those before are the same in all */
};

static int by_length(const void *a, const void *b)
{
    const struct ref_path *x = a;
    const struct ref_path *y = b;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

/* All keys are equal: looks at the next eight bytes. Paths that have none come first and are in
 * order then: they differ in nothing but their length, and zeros at their end. */
static struct range go_deeper(struct range range)
{
    size_t ended = 0;
    range.depth += sizeof(uint64_t);
    for (size_t i = 0; i < range.count; i++) {
        range.paths[i].key = key_at(&range.paths[i], range.depth);
        if (range.paths[i].len <= range.depth)
            swap(&range.paths[i], &range.paths[ended++]);
    }
    qsort(range.paths, ended, sizeof *range.paths, by_length);
    return (struct range){range.paths + ended, range.count - ended, range.depth};
}

/* The parts below, at and above a pivot. */
static void split(struct range range, struct range parts[3])
{
    uint64_t pivot = pick_pivot(range.paths, range.count);
    size_t low = 0, high = range.count;
    for (size_t i = 0; i < high;) {
        if (range.paths[i].key < pivot)
            swap(&range.paths[low++], &range.paths[i++]);
        else if (range.paths[i].key > pivot)
            swap(&range.paths[i], &range.paths[--high]);
        else
            i++;
    }
    parts[0] = (struct range){range.paths, low, range.depth};
    parts[1] = go_deeper((struct range){range.paths + low, high - low, range.depth});
    parts[2] = (struct range){range.paths + high, range.count - high, range.depth};
}

/* Calls itself for the two smaller parts only, so it is never deeper than log2 of the count. */
static void sort(struct range range)
{
    while (range.count > FEW) {
        struct range parts[3];
        size_t largest = 0;
        split(range, parts);
        for (size_t i = 1; i < 3; i++)
            if (parts[i].count > parts[largest].count)
                largest = i;
        for (size_t i = 0; i < 3; i++)
            if (i != largest)
                sort(parts[i]);
        range = parts[largest];
    }
    insert_all(range.paths, range.count);
}

void ref_paths_sort(struct ref_path *paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        paths[i].key = key_at(&paths[i], 0);
    sort((struct range){paths, count, 0});
}
