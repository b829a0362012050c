/* Aims at the names and files of a tiled log and at the minute files: tiles_parse,
 * tiles_bundle_read, rounds_leaf_read, rounds_quote_next, rounds_root. The first byte chooses. What
 * was read is written again to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "ledger/rounds.h"
#include "ledger/tiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

static void must(int ok)
{
    if (!ok)
        abort();
}

static void read_path(struct gb_bytes in)
{
    struct tiles_name name;
    char again[TILES_PATH];
    if (!tiles_parse(in, &name))
        return;
    must(name.width >= 1 && name.width <= TILES_WIDTH && name.level < 64);
    tiles_path(&name, again);
    must(gb_bytes_is(in, again));
}

static void read_bundle(struct gb_bytes in)
{
    struct gb_bytes entries[TILES_WIDTH];
    struct gb_buf again;
    size_t count = in.len > 0 ? (size_t)in.data[0] + 1 : 0;
    if (count == 0 || tiles_bundle_read(gb_bytes_from(in, 1), count, entries, NULL) < 0)
        return;
    gb_buf_init(&again, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        must(entries[i].len <= GB_LIMIT_ENTRY);
        tiles_bundle_add(&again, entries[i]);
    }
    must(gb_buf_ok(&again) && gb_bytes_equal(gb_buf_bytes(&again), gb_bytes_from(in, 1)));
    gb_buf_done(&again);
}

static void read_leaves(struct gb_bytes in)
{
    uint8_t root[MERKLE_HASH];
    if (rounds_root(digester, in, root, NULL) < 0)
        return;
    for (size_t at = 0; at < in.len; at += ROUNDS_LEAF) {
        struct rounds_leaf leaf;
        uint8_t again[ROUNDS_LEAF];
        if (rounds_leaf_read(gb_bytes(in.data + at, ROUNDS_LEAF), &leaf, NULL) < 0)
            continue;
        rounds_leaf_write(&leaf, again);
        must(memcmp(again, in.data + at, ROUNDS_LEAF) == 0);
    }
}

static void read_quotes(struct gb_bytes in)
{
    struct rounds_quote quote;
    struct gb_bytes rest = in;
    for (struct gb_bytes before = rest; rounds_quote_next(&rest, &quote, NULL) > 0; before = rest) {
        struct gb_buf again;
        gb_buf_init(&again, SIZE_MAX);
        rounds_quote_write(&quote, &again);
        must(gb_buf_ok(&again) &&
             gb_bytes_equal(gb_buf_bytes(&again), gb_bytes(before.data, before.len - rest.len)));
        gb_buf_done(&again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct gb_bytes) = {read_path, read_bundle, read_leaves,
                                                       read_quotes};
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    if (size > 0)
        readers[data[0] % GB_ARRAY_LEN(readers)](gb_bytes(data + 1, size - 1));
    return 0;
}
