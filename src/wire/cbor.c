#include "wire/cbor.h"

#include <cbor/callbacks.h>
#include <cbor/data.h>
#include <cbor/streaming.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum kind {
    KIND_NONE,
    KIND_UINT,
    KIND_NEGATIVE,
    KIND_BOOL,
    KIND_NULL,
    KIND_BYTES,
    KIND_TEXT,
    KIND_ARRAY,
    KIND_MAP,
    KIND_TAG
};

static const char *const kind_names[] = {
    [KIND_NONE] = "something else", [KIND_UINT] = "an unsigned number",
    [KIND_BOOL] = "a boolean",      [KIND_NEGATIVE] = "a negative number",
    [KIND_NULL] = "a null",         [KIND_BYTES] = "a byte string",
    [KIND_TEXT] = "a text string",  [KIND_ARRAY] = "an array",
    [KIND_MAP] = "a map",           [KIND_TAG] = "a tag",
};

/* One data item's beginning, as libcbor's callbacks tell it. */
struct head {
    enum kind kind; /* none: libcbor knows it, but it has no place in our formats */
    uint64_t value; /* the number, length or count */
    const uint8_t *data;
};

static void on_uint8(void *context, uint8_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_UINT, .value = value};
}

static void on_uint16(void *context, uint16_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_UINT, .value = value};
}

static void on_uint32(void *context, uint32_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_UINT, .value = value};
}

static void on_uint64(void *context, uint64_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_UINT, .value = value};
}

/* The argument n of -1 - n. */
static void on_negative8(void *context, uint8_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_NEGATIVE, .value = value};
}

static void on_negative16(void *context, uint16_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_NEGATIVE, .value = value};
}

static void on_negative32(void *context, uint32_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_NEGATIVE, .value = value};
}

static void on_negative64(void *context, uint64_t value)
{
    *(struct head *)context = (struct head){.kind = KIND_NEGATIVE, .value = value};
}

static void on_null(void *context)
{
    *(struct head *)context = (struct head){.kind = KIND_NULL};
}

static void on_bool(void *context, bool value)
{
    *(struct head *)context = (struct head){.kind = KIND_BOOL, .value = value};
}

static void on_bytes(void *context, cbor_data data, size_t len)
{
    *(struct head *)context = (struct head){.kind = KIND_BYTES, .value = len, .data = data};
}

static void on_text(void *context, cbor_data data, size_t len)
{
    *(struct head *)context = (struct head){.kind = KIND_TEXT, .value = len, .data = data};
}

static void on_array(void *context, size_t count)
{
    *(struct head *)context = (struct head){.kind = KIND_ARRAY, .value = count};
}

static void on_map(void *context, size_t count)
{
    *(struct head *)context = (struct head){.kind = KIND_MAP, .value = count};
}

/* Everything that is not named here (indefinite lengths, floats, undefined) leaves the head at
 * "none". */
static struct cbor_callbacks callbacks(void)
{
    struct cbor_callbacks table = cbor_empty_callbacks;
    table.uint8 = on_uint8;
    table.uint16 = on_uint16;
    table.uint32 = on_uint32;
    table.uint64 = on_uint64;
    table.negint8 = on_negative8;
    table.negint16 = on_negative16;
    table.negint32 = on_negative32;
    table.negint64 = on_negative64;
    table.boolean = on_bool;
    table.null = on_null;
    table.byte_string = on_bytes;
    table.string = on_text;
    table.array_start = on_array;
    table.map_start = on_map;
    return table;
}

void cbor_reader_init(struct cbor_reader *reader, struct gb_bytes in)
{
    *reader = (struct cbor_reader){.in = in, .err = {.offset = GB_NO_OFFSET}};
}

void cbor_fail(struct cbor_reader *reader, enum gb_err_code code, const char *fmt, ...)
{
    if (!cbor_ok(reader))
        return;
    char text[GB_LIMIT_ERR_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    gb_err_at(&reader->err, code, reader->at, "%s", text);
}

/* RFC 8949, 4.2.1: bytes of the head that says `value` in the shortest way. */
static size_t shortest(uint64_t value)
{
    return value < 24            ? 1
           : value <= UINT8_MAX  ? 2
           : value <= UINT16_MAX ? 3
           : value <= UINT32_MAX ? 5
                                 : 9;
}

/* libcbor knows some tags by name and refuses the unassigned of the first 24. A tag's head is a
 * number's with other first bits, so it is read as that. */
static struct cbor_decoder_result decode_tag(struct gb_bytes rest,
                                             const struct cbor_callbacks *table, struct head *head)
{
    uint8_t number[9];
    size_t len = rest.len < sizeof number ? rest.len : sizeof number;
    memcpy(number, rest.data, len);
    number[0] &= 0x1f;
    struct cbor_decoder_result result = cbor_stream_decode(number, len, table, head);
    if (head->kind == KIND_UINT)
        head->kind = KIND_TAG;
    return result;
}

/* Reads one head (and a string's bytes with it); false and failed when it is not a `want`. */
static bool next(struct cbor_reader *reader, enum kind want, struct head *ret_head)
{
    if (!cbor_ok(reader))
        return false;
    struct cbor_callbacks table = callbacks();
    struct head head = {0};
    struct gb_bytes rest = gb_bytes_from(reader->in, reader->at);
    struct cbor_decoder_result result =
        cbor_peek(reader) == CBOR_TAG ? decode_tag(rest, &table, &head)
                                      : cbor_stream_decode(rest.data, rest.len, &table, &head);
    if (result.status != CBOR_DECODER_FINISHED) {
        bool early = result.status == CBOR_DECODER_NEDATA;
        cbor_fail(reader, GB_ERR_INPUT, "%s", early ? "input ends early" : "not CBOR");
        return false;
    }
    if (head.kind != want) {
        cbor_fail(reader, GB_ERR_INPUT, "%s where %s belongs", kind_names[head.kind],
                  kind_names[want]);
        return false;
    }
    size_t body = head.data ? (size_t)head.value : 0;
    bool is_simple = want == KIND_BOOL || want == KIND_NULL;
    if (result.read - body != (is_simple ? 1 : shortest(head.value))) {
        cbor_fail(reader, GB_ERR_INPUT, "%s in a longer form than it needs", kind_names[want]);
        return false;
    }
    reader->at += result.read;
    *ret_head = head;
    return true;
}

/* A container's count: each item takes `least` bytes or more. The offset of a failure is the
 * head's. */
static size_t read_count(struct cbor_reader *reader, enum kind kind, size_t least, size_t max)
{
    struct head head = {0};
    size_t at = reader->at;
    if (!next(reader, kind, &head))
        return 0;
    size_t left = reader->in.len - reader->at;
    if (head.value <= max && head.value <= left / least)
        return (size_t)head.value;
    reader->at = at;
    if (head.value > max)
        cbor_fail(reader, GB_ERR_LIMIT, "%s above its ceiling of %zu", kind_names[kind], max);
    else
        cbor_fail(reader, GB_ERR_INPUT, "%s of more than is left", kind_names[kind]);
    return 0;
}

size_t cbor_read_map(struct cbor_reader *reader, size_t max)
{
    return read_count(reader, KIND_MAP, 2, max);
}

size_t cbor_read_array(struct cbor_reader *reader, size_t max)
{
    return read_count(reader, KIND_ARRAY, 1, max);
}

uint64_t cbor_read_uint(struct cbor_reader *reader)
{
    struct head head = {0};
    return next(reader, KIND_UINT, &head) ? head.value : 0;
}

int64_t cbor_read_int(struct cbor_reader *reader)
{
    struct head head = {0};
    bool is_negative = cbor_peek(reader) == CBOR_NEGATIVE;
    size_t at = reader->at;
    if (!next(reader, is_negative ? KIND_NEGATIVE : KIND_UINT, &head))
        return 0;
    if (head.value <= INT64_MAX)
        return is_negative ? -1 - (int64_t)head.value : (int64_t)head.value;
    reader->at = at;
    cbor_fail(reader, GB_ERR_INPUT, "a number of more than 64 bits");
    return 0;
}

uint64_t cbor_read_tag(struct cbor_reader *reader)
{
    struct head head = {0};
    return next(reader, KIND_TAG, &head) ? head.value : 0;
}

void cbor_read_null(struct cbor_reader *reader)
{
    struct head head = {0};
    (void)next(reader, KIND_NULL, &head);
}

enum cbor_shape cbor_peek(const struct cbor_reader *reader)
{
    /* RFC 8949, 3: the first three bits, and of major type 7 the simple values (3.3). */
    static const enum cbor_shape shapes[] = {CBOR_UINT,  CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT,
                                             CBOR_ARRAY, CBOR_MAP,      CBOR_TAG};
    if (!cbor_ok(reader) || reader->at >= reader->in.len)
        return CBOR_NOTHING;
    uint8_t first = reader->in.data[reader->at];
    if (first >> 5 < GB_ARRAY_LEN(shapes))
        return shapes[first >> 5];
    return first == 0xf6 ? CBOR_NULL : first == 0xf4 || first == 0xf5 ? CBOR_BOOL : CBOR_OTHER;
}

unsigned cbor_read_key(struct cbor_reader *reader, uint64_t *seen)
{
    size_t at = reader->at;
    uint64_t key = cbor_read_uint(reader);
    if (!cbor_ok(reader))
        return 0;
    if (key < 64 && !(*seen >> key & 1)) {
        *seen |= UINT64_C(1) << key;
        return (unsigned)key;
    }
    reader->at = at;
    cbor_fail(reader, GB_ERR_INPUT, "%s key %llu", key < 64 ? "again the" : "unknown",
              (unsigned long long)key);
    return 0;
}

bool cbor_read_bool(struct cbor_reader *reader)
{
    struct head head = {0};
    return next(reader, KIND_BOOL, &head) && head.value;
}

static bool is_utf8(struct gb_bytes text)
{
    uint32_t code = 0;
    for (size_t i = 0, n = 0; i < text.len; i += n) {
        n = gb_utf8_at(text, i, &code);
        if (n == 0)
            return false;
    }
    return true;
}

static struct gb_bytes read_string(struct cbor_reader *reader, enum kind kind, size_t max)
{
    struct head head = {0};
    size_t at = reader->at;
    if (!next(reader, kind, &head))
        return gb_bytes(NULL, 0);
    struct gb_bytes out = gb_bytes(head.data, (size_t)head.value);
    if (out.len <= max && (kind == KIND_BYTES || is_utf8(out)))
        return out;
    reader->at = at;
    if (out.len > max)
        cbor_fail(reader, GB_ERR_LIMIT, "%s above its ceiling of %zu bytes", kind_names[kind], max);
    else
        cbor_fail(reader, GB_ERR_INPUT, "text is not UTF-8");
    return gb_bytes(NULL, 0);
}

struct gb_bytes cbor_read_bytes(struct cbor_reader *reader, size_t max)
{
    return read_string(reader, KIND_BYTES, max);
}

struct gb_bytes cbor_read_text(struct cbor_reader *reader, size_t max)
{
    return read_string(reader, KIND_TEXT, max);
}

void cbor_enter(const struct cbor_reader *outer, struct gb_bytes bytes,
                struct cbor_reader *ret_inner)
{
    cbor_reader_init(ret_inner, outer->in);
    ret_inner->err = outer->err;
    if (!cbor_ok(outer))
        return;
    ret_inner->at = (size_t)(bytes.data - outer->in.data);
    ret_inner->in.len = ret_inner->at + bytes.len;
}

void cbor_leave(struct cbor_reader *outer, struct cbor_reader *inner, const char *what)
{
    struct gb_err err;
    if (!cbor_ok(outer) || cbor_finish(inner, &err) == GB_OK)
        return;
    gb_err_prefix(&err, "%s: ", what);
    outer->err = err;
}

int cbor_finish(struct cbor_reader *reader, struct gb_err *err)
{
    if (reader->at != reader->in.len)
        cbor_fail(reader, GB_ERR_INPUT, "bytes are left over");
    if (!cbor_ok(reader) && err)
        *err = reader->err;
    return reader->err.code;
}
