#include "ledger/add_checkpoint.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"

enum { HASH = 32, HASH_TEXT = 44 }; /* 32 bytes in base64 */

/* Cuts a line and its newline off; false when no newline is left. */
static bool next_line(struct gb_bytes *rest, struct gb_bytes *ret_line)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    if (!end)
        return false;
    *ret_line = gb_bytes(rest->data, (size_t)(end - rest->data));
    *rest = gb_bytes_from(*rest, ret_line->len + 1);
    return true;
}

/* Decimal without a leading zero: one size has one spelling. */
static bool read_size(struct gb_bytes text, uint64_t *ret_size)
{
    if (text.len > 1 && text.data[0] == '0')
        return false;
    return gb_text_u64(text, INT64_MAX, ret_size);
}

static bool read_old(struct gb_bytes line, uint64_t *ret_size)
{
    const struct gb_bytes word = gb_bytes_str("old ");
    return gb_bytes_starts(line, word) && read_size(gb_bytes_from(line, word.len), ret_size);
}

static bool read_hash(struct gb_arena *arena, struct gb_bytes line, uint8_t ret_hash[HASH])
{
    struct gb_bytes hash;
    if (line.len != HASH_TEXT || !gb_base64_decode(arena, line, &hash) || hash.len != HASH)
        return false;
    memcpy(ret_hash, hash.data, HASH);
    return true;
}

int add_checkpoint_read(struct gb_arena *arena, struct gb_bytes in, struct add_checkpoint *ret_ask,
                        struct gb_err *err)
{
    struct add_checkpoint ask = {0};
    struct gb_bytes rest = in, line = {0};
    if (!next_line(&rest, &line) || !read_old(line, &ask.old_size))
        return gb_err_at(err, GB_ERR_INPUT, 0, "the first line is not \"old SIZE\"");
    for (;;) {
        size_t at = in.len - rest.len;
        if (!next_line(&rest, &line))
            return gb_err_at(err, GB_ERR_INPUT, at, "no empty line before the checkpoint");
        if (line.len == 0)
            break;
        if (ask.proof_count == GB_LIMIT_CONSISTENCY)
            return gb_err_at(err, GB_ERR_LIMIT, at, "more than %d hashes of a proof",
                             GB_LIMIT_CONSISTENCY);
        if (!read_hash(arena, line, ask.proof[ask.proof_count]))
            return gb_err_at(err, GB_ERR_INPUT, at, "a line of the proof is not a hash in base64");
        ask.proof_count++;
    }
    if (rest.len == 0)
        return gb_err_at(err, GB_ERR_INPUT, in.len, "no checkpoint after the proof");
    ask.note = rest;
    *ret_ask = ask;
    return GB_OK;
}

static void write_hash(struct gb_buf *out, const uint8_t hash[HASH])
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *text = arena ? gb_base64(arena, gb_bytes(hash, HASH)) : NULL;
    out->failed = out->failed || !text;
    gb_buf_puts(out, text ? text : "");
    gb_buf_puts(out, "\n");
}

void add_checkpoint_write(const struct add_checkpoint *ask, struct gb_buf *out)
{
    gb_buf_printf(out, "old %" PRIu64 "\n", ask->old_size);
    for (size_t i = 0; i < ask->proof_count; i++)
        write_hash(out, ask->proof[i]);
    gb_buf_puts(out, "\n");
    gb_buf_add(out, ask->note.data, ask->note.len);
}

int add_checkpoint_size_read(struct gb_bytes in, uint64_t *ret_size, struct gb_err *err)
{
    struct gb_bytes line, rest = in;
    if (!next_line(&rest, &line) || rest.len > 0 || !read_size(line, ret_size))
        return gb_err_set(err, GB_ERR_INPUT, "not a size in decimal on a line of its own");
    return GB_OK;
}
