/* Items of any shape: for formats that others may extend. */
#include <stdint.h>

#include "base/limits.h"
#include "wire/cbor.h"

static void skip(struct cbor_reader *reader, unsigned depth);

static struct gb_bytes span(const struct cbor_reader *reader, size_t from)
{
    return cbor_ok(reader) ? gb_bytes(reader->in.data + from, reader->at - from)
                           : gb_bytes(NULL, 0);
}

static struct gb_bytes read_key(struct cbor_reader *reader, struct cbor_keys *keys, unsigned depth)
{
    size_t at = reader->at;
    skip(reader, depth);
    struct gb_bytes key = span(reader, at);
    for (size_t i = 0; i < keys->count && cbor_ok(reader); i++) {
        if (!gb_bytes_equal(keys->seen[i], key))
            continue;
        reader->at = at;
        cbor_fail(reader, GB_ERR_INPUT, "a map's key comes twice");
    }
    if (cbor_ok(reader) && keys->count == GB_LIMIT_CBOR_PAIRS)
        cbor_fail(reader, GB_ERR_LIMIT, "a map above its ceiling of %d keys", GB_LIMIT_CBOR_PAIRS);
    if (!cbor_ok(reader))
        return gb_bytes(NULL, 0);
    keys->seen[keys->count++] = key;
    return key;
}

static void skip_map(struct cbor_reader *reader, unsigned depth)
{
    struct cbor_keys keys;
    keys.count = 0;
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        read_key(reader, &keys, depth);
        skip(reader, depth);
    }
}

/* Recursive, and bounded: each level of containers and tags costs one of the depth. */
static void skip(struct cbor_reader *reader, unsigned depth)
{
    enum cbor_shape shape = cbor_peek(reader);
    size_t items = 0;
    if (depth == 0) {
        cbor_fail(reader, GB_ERR_LIMIT, "CBOR is nested more than %d deep", GB_LIMIT_CBOR_DEPTH);
        return;
    }
    if (shape == CBOR_NEGATIVE) {
        (void)cbor_read_int(reader);
    } else if (shape == CBOR_BYTES) {
        (void)cbor_read_bytes(reader, SIZE_MAX);
    } else if (shape == CBOR_TEXT) {
        (void)cbor_read_text(reader, SIZE_MAX);
    } else if (shape == CBOR_ARRAY) {
        items = cbor_read_array(reader, SIZE_MAX); /* no more than there are bytes left */
    } else if (shape == CBOR_MAP) {
        skip_map(reader, depth - 1);
    } else if (shape == CBOR_TAG) {
        (void)cbor_read_tag(reader);
        items = 1;
    } else if (shape == CBOR_BOOL) {
        (void)cbor_read_bool(reader);
    } else if (shape == CBOR_NULL) {
        cbor_read_null(reader);
    } else {
        (void)cbor_read_uint(reader); /* what it is not, is its error */
    }
    for (size_t i = 0; i < items && cbor_ok(reader); i++)
        skip(reader, depth - 1);
}

struct gb_bytes cbor_read_any(struct cbor_reader *reader)
{
    size_t at = reader->at;
    skip(reader, GB_LIMIT_CBOR_DEPTH);
    return span(reader, at);
}

struct gb_bytes cbor_read_any_key(struct cbor_reader *reader, struct cbor_keys *keys)
{
    return read_key(reader, keys, GB_LIMIT_CBOR_DEPTH);
}
