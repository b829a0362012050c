#include "ledger/tiles.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/merkle.h"

void tiles_path(const struct tiles_name *name, char out[TILES_PATH])
{
    /* At most 7 groups of 3 digits: an index is below 10^20. */
    char digits[24];
    char index[40] = "";
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)name->index);
    int pad = (3 - len % 3) % 3;
    size_t o = 0;
    for (int i = -pad; i < len; i++) {
        if ((i + pad) % 3 == 0) {
            if (i > 0)
                index[o++] = '/';
            if (len - i > 3)
                index[o++] = 'x';
        }
        index[o++] = i < 0 ? '0' : digits[i];
    }
    index[o] = 0;
    char level[16] = "entries";
    char width[16] = "";
    if (!name->entries)
        snprintf(level, sizeof level, "%u", name->level);
    if (name->width < TILES_WIDTH)
        snprintf(width, sizeof width, ".p/%u", name->width);
    snprintf(out, TILES_PATH, "tile/%s/%s%s", level, index, width);
}

/* Reads loosely; tiles_parse compares with what would be written. */
static bool parse_index(struct gb_bytes *rest, uint64_t *ret_index)
{
    uint64_t index = 0;
    for (bool more = true; more;) {
        uint64_t three = 0;
        more = rest->len > 0 && rest->data[0] == 'x';
        if (more)
            *rest = gb_bytes_from(*rest, 1);
        if (rest->len < 3 || !gb_text_u64(gb_bytes(rest->data, 3), 999, &three) ||
            index > (MERKLE_SIZE_MAX - three) / 1000)
            return false;
        index = index * 1000 + three;
        *rest = gb_bytes_from(*rest, 3);
        if (more && (rest->len == 0 || rest->data[0] != '/'))
            return false;
        if (more)
            *rest = gb_bytes_from(*rest, 1);
    }
    *ret_index = index;
    return true;
}

static bool parse_width(struct gb_bytes rest, unsigned *ret_width)
{
    uint64_t width = TILES_WIDTH;
    if (gb_bytes_starts(rest, gb_bytes_str(".p/")) &&
        (!gb_text_u64(gb_bytes_from(rest, 3), TILES_WIDTH - 1, &width) || width == 0))
        return false;
    *ret_width = (unsigned)width;
    return true;
}

bool tiles_parse(struct gb_bytes path, struct tiles_name *ret_name)
{
    char again[TILES_PATH];
    uint64_t level = 0;
    struct tiles_name name = {0};
    struct gb_bytes rest = path;
    if (!gb_bytes_is(gb_text_until(&rest, '/'), "tile"))
        return false;
    struct gb_bytes word = gb_text_until(&rest, '/');
    name.entries = gb_bytes_is(word, "entries");
    if ((!name.entries && !gb_text_u64(word, 63, &level)) || !parse_index(&rest, &name.index) ||
        !parse_width(rest, &name.width))
        return false;
    name.level = (unsigned)level;
    tiles_path(&name, again);
    if (!gb_bytes_is(path, again))
        return false;
    *ret_name = name;
    return true;
}

unsigned tiles_width(uint64_t size, unsigned level, uint64_t index)
{
    uint64_t hashes = level < TILES_LEVELS ? size >> (TILES_HEIGHT * level) : 0;
    uint64_t before = index <= hashes / TILES_WIDTH ? index * TILES_WIDTH : hashes;
    uint64_t width = hashes - before;
    return width > TILES_WIDTH ? TILES_WIDTH : (unsigned)width;
}

void tiles_bundle_add(struct gb_buf *bundle, struct gb_bytes entry)
{
    if (entry.len > UINT16_MAX) {
        bundle->failed = true;
        return;
    }
    gb_buf_u16be(bundle, (uint16_t)entry.len);
    gb_buf_add(bundle, entry.data, entry.len);
}

int tiles_bundle_read(struct gb_bytes bundle, size_t count,
                      struct gb_bytes ret_entries[TILES_WIDTH], struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, bundle);
    for (size_t i = 0; i < count && gb_reader_ok(&r); i++) {
        size_t at = gb_reader_offset(&r);
        uint16_t len = gb_read_u16be(&r);
        if (len > GB_LIMIT_ENTRY)
            return gb_err_at(err, GB_ERR_LIMIT, at, "entry %zu of the bundle has %u bytes", i,
                             (unsigned)len);
        ret_entries[i] = gb_read_bytes(&r, len);
    }
    return gb_reader_finish(&r, err);
}

int tiles_node(struct digester *digester, const uint8_t (*hashes)[MERKLE_HASH], unsigned first,
               unsigned height, uint8_t out[MERKLE_HASH])
{
    uint8_t row[TILES_WIDTH / 2][MERKLE_HASH];
    const uint8_t(*below)[MERKLE_HASH] = hashes + first;
    if (height == 0) {
        memcpy(out, *below, MERKLE_HASH);
        return GB_OK;
    }
    for (unsigned left = 1U << (height - 1); left > 0; left >>= 1) {
        for (unsigned i = 0; i < left; i++) {
            int r = merkle_node(digester, below[2 * i], below[2 * i + 1], row[i]);
            if (r < 0)
                return r;
        }
        below = (const uint8_t(*)[MERKLE_HASH])row;
    }
    memcpy(out, row[0], MERKLE_HASH);
    return GB_OK;
}
