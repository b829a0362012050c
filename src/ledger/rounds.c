#include "ledger/rounds.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "ledger/merkle.h"
#include "wire/cbor.h"
#include "wire/json.h"

/* Keys of a quote's record, in this order. */
enum { KEY_NODE = 1, KEY_ATTEST, KEY_SIGNATURE, KEY_NONCE, KEY_ISSUED, KEY_TRANSPORT, KEY_EXTRAS };
enum { KEYS = 7 };

/* --- leaves --- */

static uint8_t *put_u64(uint8_t *out, uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        *out++ = (uint8_t)(value >> shift);
    return out;
}

void rounds_leaf_write(const struct rounds_leaf *leaf, uint8_t out[ROUNDS_LEAF])
{
    memcpy(out, leaf->node, ROUNDS_NODE);
    out += ROUNDS_NODE;
    memcpy(out, leaf->quote, sizeof leaf->quote);
    out = put_u64(out + sizeof leaf->quote, leaf->verified_at_s);
    out = put_u64(out, leaf->trust_id);
    out = put_u64(out, leaf->policy_version);
    *out++ = leaf->tier;
    *out = leaf->trusted ? 1 : 0;
}

int rounds_leaf_read(struct gb_bytes in, struct rounds_leaf *ret_leaf, struct gb_err *err)
{
    struct gb_reader r;
    struct rounds_leaf leaf = {0};
    if (in.len != ROUNDS_LEAF)
        return gb_err_set(err, GB_ERR_INPUT, "a leaf of %zu bytes, not %d", in.len, ROUNDS_LEAF);
    memcpy(leaf.node, in.data, ROUNDS_NODE);
    memcpy(leaf.quote, in.data + ROUNDS_NODE, sizeof leaf.quote);
    gb_reader_init(&r, gb_bytes_from(in, ROUNDS_NODE + sizeof leaf.quote));
    leaf.verified_at_s = gb_read_u64be(&r);
    leaf.trust_id = gb_read_u64be(&r);
    leaf.policy_version = gb_read_u64be(&r);
    leaf.tier = gb_read_u8(&r);
    uint8_t trusted = gb_read_u8(&r);
    if (trusted > 1)
        gb_reader_fail(&r, "neither trusted nor untrusted");
    int code = gb_reader_finish(&r, err);
    if (code < 0)
        return code;
    leaf.trusted = trusted == 1;
    *ret_leaf = leaf;
    return GB_OK;
}

/* --- quotes --- */

static void put_bytes(struct gb_buf *out, unsigned key, struct gb_bytes value)
{
    cbor_uint(out, key);
    cbor_bytes(out, value);
}

void rounds_quote_write(const struct rounds_quote *quote, struct gb_buf *out)
{
    struct gb_buf record;
    gb_buf_init(&record, UINT16_MAX);
    cbor_map(&record, KEYS);
    put_bytes(&record, KEY_NODE, gb_bytes(quote->node, ROUNDS_NODE));
    put_bytes(&record, KEY_ATTEST, quote->attest);
    put_bytes(&record, KEY_SIGNATURE, quote->signature);
    put_bytes(&record, KEY_NONCE, quote->nonce);
    cbor_uint(&record, KEY_ISSUED);
    cbor_uint(&record, quote->issued_s);
    put_bytes(&record, KEY_TRANSPORT, gb_bytes(quote->transport, sizeof quote->transport));
    put_bytes(&record, KEY_EXTRAS, gb_bytes(quote->extras, sizeof quote->extras));
    out->failed |= !gb_buf_ok(&record);
    gb_buf_u16be(out, (uint16_t)record.len);
    gb_buf_add(out, record.data, record.len);
    gb_buf_done(&record);
}

static void take_key(struct cbor_reader *r, unsigned key)
{
    if (cbor_read_uint(r) != key)
        cbor_fail(r, GB_ERR_INPUT, "key %u is not where it belongs", key);
}

static struct gb_bytes take_bytes(struct cbor_reader *r, unsigned key, size_t max)
{
    take_key(r, key);
    return cbor_read_bytes(r, max);
}

static void take_exactly(struct cbor_reader *r, unsigned key, uint8_t *out, size_t len)
{
    struct gb_bytes value = take_bytes(r, key, len);
    if (value.len != len)
        cbor_fail(r, GB_ERR_INPUT, "key %u has %zu bytes, not %zu", key, value.len, len);
    if (cbor_ok(r))
        memcpy(out, value.data, len);
}

static int read_quote(struct gb_bytes in, struct rounds_quote *quote, struct gb_err *err)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    if (cbor_read_map(&r, KEYS) != KEYS)
        cbor_fail(&r, GB_ERR_INPUT, "not a map of %d", KEYS);
    take_exactly(&r, KEY_NODE, quote->node, sizeof quote->node);
    quote->attest = take_bytes(&r, KEY_ATTEST, GB_LIMIT_PUBLIC);
    quote->signature = take_bytes(&r, KEY_SIGNATURE, GB_LIMIT_PUBLIC);
    quote->nonce = take_bytes(&r, KEY_NONCE, GB_LIMIT_NONCE);
    take_key(&r, KEY_ISSUED);
    quote->issued_s = cbor_read_uint(&r);
    take_exactly(&r, KEY_TRANSPORT, quote->transport, sizeof quote->transport);
    take_exactly(&r, KEY_EXTRAS, quote->extras, sizeof quote->extras);
    return cbor_finish(&r, err);
}

int rounds_quote_next(struct gb_bytes *rest, struct rounds_quote *ret_quote, struct gb_err *err)
{
    struct rounds_quote quote = {0};
    if (rest->len == 0)
        return 0;
    size_t len = rest->len < 2 ? 0 : (size_t)rest->data[0] << 8 | rest->data[1];
    if (rest->len < 2 || len > rest->len - 2)
        return gb_err_set(err, GB_ERR_INPUT, "the file ends within a quote's record");
    int r = read_quote(gb_bytes(rest->data + 2, len), &quote, err);
    if (r < 0)
        return r;
    *rest = gb_bytes_from(*rest, 2 + len);
    *ret_quote = quote;
    return 1;
}

/* --- the minute's tree --- */

/* The right edge over `count` leaves from `first` on. */
static int range_over(struct digester *digester, struct gb_bytes leaves, uint64_t first,
                      uint64_t count, struct merkle_range *ret_range)
{
    struct merkle_range range = {0};
    for (uint64_t i = first; i < first + count; i++) {
        uint8_t hash[MERKLE_HASH];
        int r = merkle_leaf(digester, gb_bytes(leaves.data + i * ROUNDS_LEAF, ROUNDS_LEAF), hash);
        if (r == GB_OK)
            r = merkle_range_add(digester, &range, hash);
        if (r < 0)
            return r;
    }
    *ret_range = range;
    return GB_OK;
}

static int count_leaves(struct gb_bytes leaves, uint64_t *ret_count, struct gb_err *err)
{
    if (leaves.len % ROUNDS_LEAF != 0)
        return gb_err_set(err, GB_ERR_INPUT, "%zu bytes are no whole number of leaves of %d",
                          leaves.len, ROUNDS_LEAF);
    *ret_count = leaves.len / ROUNDS_LEAF;
    return GB_OK;
}

int rounds_root(struct digester *digester, struct gb_bytes leaves, uint8_t out[MERKLE_HASH],
                struct gb_err *err)
{
    uint64_t count = 0;
    struct merkle_range range;
    int r = count_leaves(leaves, &count, err);
    if (r < 0)
        return r;
    if (range_over(digester, leaves, 0, count, &range) < 0 ||
        merkle_range_root(digester, &range, out) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return GB_OK;
}

struct leaves {
    struct digester *digester;
    struct gb_bytes bytes;
};

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct gb_err *err)
{
    const struct leaves *leaves = arg;
    struct merkle_range range;
    if (range_over(leaves->digester, leaves->bytes, index << level, UINT64_C(1) << level, &range) <
            0 ||
        merkle_range_root(leaves->digester, &range, out) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return GB_OK;
}

int rounds_prove(struct digester *digester, struct gb_bytes leaves, uint64_t index,
                 struct merkle_proof *ret_proof, struct gb_err *err)
{
    uint64_t count = 0;
    struct leaves from = {.digester = digester, .bytes = leaves};
    const struct merkle_source source = {.node = node, .arg = &from};
    int r = count_leaves(leaves, &count, err);
    if (r == GB_OK)
        r = merkle_prove_inclusion(digester, &source, index, count, ret_proof, err);
    return r;
}

/* --- the entry --- */

struct json *rounds_sealed_write(const struct rounds_sealed *sealed, struct json *policies)
{
    char minute[GB_CLOCK_TEXT];
    struct json *data = json_new_object();
    gb_clock_text(sealed->minute_s, minute);
    json_set(data, "minute", json_text(minute));
    json_set(data, "count", json_number(sealed->count));
    json_set(data, "root", json_hex(gb_bytes(sealed->root, MERKLE_HASH)));
    json_set(data, "policies", policies);
    return data;
}

int rounds_sealed_read(const struct json *data, struct rounds_sealed *ret_sealed,
                       struct gb_err *err)
{
    struct rounds_sealed sealed = {0};
    struct gb_bytes minute;
    struct gb_bytes root;
    if (!json_get_text(data, "minute", &minute) || !gb_clock_parse(minute, &sealed.minute_s) ||
        sealed.minute_s < 0 || sealed.minute_s % 60 != 0 || minute.len != GB_CLOCK_TEXT - 1)
        return gb_err_set(err, GB_ERR_INPUT, "an entry \"rounds\" without its minute");
    if (!json_get_number(data, "count", &sealed.count) || sealed.count == 0)
        return gb_err_set(err, GB_ERR_INPUT, "an entry \"rounds\" without its count");
    if (!json_get_text(data, "root", &root) || !gb_hex_decode(root, sealed.root, MERKLE_HASH))
        return gb_err_set(err, GB_ERR_INPUT, "an entry \"rounds\" without its root");
    *ret_sealed = sealed;
    return GB_OK;
}

void rounds_path(int64_t minute_s, char out[ROUNDS_PATH])
{
    char text[GB_CLOCK_TEXT]; /* "2026-11-29T01:02:00Z" */
    gb_clock_text(minute_s, text);
    snprintf(out, ROUNDS_PATH, "%.10s/%.2s%.2s", text, text + 11, text + 14);
}
