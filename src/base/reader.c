#include "base/reader.h"

void gb_reader_fail(struct gb_reader *r, const char *what)
{
    if (r->what)
        return;
    r->what = what;
    r->bad_at = r->at;
}

uint64_t gb_read_u64le(struct gb_reader *r)
{
    uint64_t low = gb_read_u32le(r);
    uint64_t high = gb_read_u32le(r);
    return high << 32 | low;
}

uint64_t gb_read_u64be(struct gb_reader *r)
{
    uint64_t high = gb_read_u32be(r);
    uint64_t low = gb_read_u32be(r);
    return high << 32 | low;
}

static uint32_t check_count(struct gb_reader *r, uint32_t n, size_t min_item, uint32_t max)
{
    if (n > max)
        gb_reader_fail(r, "count is above the ceiling");
    else if (n > gb_reader_left(r) / min_item)
        gb_reader_fail(r, "count does not fit in what is left");
    return gb_reader_ok(r) ? n : 0;
}

uint32_t gb_read_count_u32le(struct gb_reader *r, size_t min_item, uint32_t max)
{
    uint32_t n = gb_read_u32le(r);
    return check_count(r, n, min_item, max);
}

uint32_t gb_read_count_u32be(struct gb_reader *r, size_t min_item, uint32_t max)
{
    uint32_t n = gb_read_u32be(r);
    return check_count(r, n, min_item, max);
}

struct gb_bytes gb_read_tpm2b(struct gb_reader *r, size_t max)
{
    uint16_t n = gb_read_u16be(r);
    if (n > max)
        gb_reader_fail(r, "sized field is above its ceiling");
    return gb_read_bytes(r, gb_reader_ok(r) ? n : 0);
}

struct gb_reader gb_read_sub(struct gb_reader *r, size_t n)
{
    size_t at = gb_reader_offset(r);
    struct gb_bytes window = gb_read_bytes(r, n);
    struct gb_reader sub = {.data = window.data, .len = window.len, .base = at};
    if (!gb_reader_ok(r))
        gb_reader_fail(&sub, r->what);
    return sub;
}

int gb_reader_check(const struct gb_reader *r, struct gb_err *err)
{
    if (r->what)
        return gb_err_at(err, GB_ERR_INPUT, r->base + r->bad_at, "%s", r->what);
    return GB_OK;
}

int gb_reader_finish(struct gb_reader *r, struct gb_err *err)
{
    if (gb_reader_ok(r) && r->at != r->len)
        gb_reader_fail(r, "bytes are left over");
    return gb_reader_check(r, err);
}
