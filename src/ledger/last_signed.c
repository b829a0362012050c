#include "ledger/last_signed.h"

#include <inttypes.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/merkle.h"

static const char magic[] = "garboard-ledger-state 1";

/* A line of its own, and a key's name (C2SP signed-note): no blanks, no "+". */
static bool good_origin(struct gb_bytes origin)
{
    for (size_t i = 0; i < origin.len; i++)
        if (origin.data[i] <= ' ' || origin.data[i] > '~' || origin.data[i] == '+')
            return false;
    return origin.len > 0 && origin.len <= GB_LIMIT_NOTE_NAME;
}

static void set_origin(struct last_signed *last, struct gb_bytes origin)
{
    memcpy(last->origin, origin.data, origin.len);
    last->origin[origin.len] = 0;
}

int last_signed_first(struct digester *digester, const char *origin, struct last_signed *ret_last,
                      struct gb_err *err)
{
    struct last_signed last = {0};
    if (!good_origin(gb_bytes_str(origin)))
        return gb_err_set(err, GB_ERR_CONFIG, "no log may have this origin");
    if (merkle_empty(digester, last.root) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    set_origin(&last, gb_bytes_str(origin));
    *ret_last = last;
    return GB_OK;
}

int last_signed_write(struct digester *digester, const struct last_signed *last, struct gb_buf *out,
                      struct gb_err *err)
{
    uint8_t sum[32];
    char hex[2 * sizeof sum + 1];
    size_t begin = out->len;
    gb_hex_encode(gb_bytes(last->root, sizeof last->root), hex);
    gb_buf_printf(out, "%s\n%s\n%" PRIu64 "\n%s\n", magic, last->origin, last->size, hex);
    if (!gb_buf_ok(out))
        return GB_OK; /* it sticks */
    if (digest_of(digester, DIGEST_SHA256, gb_bytes_from(gb_buf_bytes(out), begin), sum) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    gb_hex_encode(gb_bytes(sum, sizeof sum), hex);
    gb_buf_printf(out, "%s\n", hex);
    return GB_OK;
}

static bool read_lines(struct gb_bytes in, struct last_signed *last)
{
    struct gb_bytes first = gb_text_until(&in, '\n');
    struct gb_bytes origin = gb_text_until(&in, '\n');
    struct gb_bytes size = gb_text_until(&in, '\n');
    struct gb_bytes root = gb_text_until(&in, '\n');
    if (!gb_bytes_is(first, magic) || !good_origin(origin) ||
        !gb_text_u64(size, MERKLE_SIZE_MAX, &last->size) ||
        !gb_hex_decode(root, last->root, sizeof last->root))
        return false;
    set_origin(last, origin);
    return true;
}

/* What was read is written again: whatever differs, down to the sum, was not ours. */
int last_signed_read(struct digester *digester, struct gb_bytes in, struct last_signed *ret_last,
                     struct gb_err *err)
{
    struct last_signed last = {0};
    gb_cleanup(gb_buf_done) struct gb_buf again;
    gb_buf_init(&again, LAST_SIGNED_MAX);
    bool good = read_lines(in, &last);
    int r = good ? last_signed_write(digester, &last, &again, err) : GB_OK;
    if (r < 0)
        return r;
    if (!good || !gb_buf_ok(&again) || !gb_bytes_equal(gb_buf_bytes(&again), in))
        return gb_err_set(err, GB_ERR_CONFIG, "is damaged: cut, changed, or of another form");
    *ret_last = last;
    return GB_OK;
}
