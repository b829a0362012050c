/* Aims at cbor_read_*: there is one form of everything, so what was read and written again is the
 * same to the byte; and at cbor_read_any, which must take nothing that reading piece by piece
 * refuses. */
#include <stdlib.h>

#include "wire/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 16 };

static void copy_one(struct cbor_reader *reader, struct gb_buf *out)
{
    switch (reader->in.data[reader->at] >> 5) {
    case 0:
        cbor_uint(out, cbor_read_uint(reader));
        break;
    case 1:
        cbor_int(out, cbor_read_int(reader));
        break;
    case 2:
        cbor_bytes(out, cbor_read_bytes(reader, MOST));
        break;
    case 3:
        cbor_text(out, cbor_read_text(reader, MOST));
        break;
    case 4:
        cbor_array(out, cbor_read_array(reader, MOST));
        break;
    case 5:
        cbor_map(out, cbor_read_map(reader, MOST));
        break;
    case 6:
        cbor_tag(out, cbor_read_tag(reader));
        break;
    default:
        if (cbor_peek(reader) == CBOR_NULL) {
            cbor_read_null(reader);
            cbor_null(out);
        } else {
            cbor_bool(out, cbor_read_bool(reader));
        }
        break;
    }
}

/* Bytes of the items one after another that cbor_read_any takes. */
static size_t skip_all(struct gb_bytes in)
{
    struct cbor_reader reader;
    size_t taken = 0;
    cbor_reader_init(&reader, in);
    while (cbor_ok(&reader) && reader.at < in.len) {
        struct gb_bytes item = cbor_read_any(&reader);
        if (cbor_ok(&reader) != (item.len > 0) || item.len > in.len - taken)
            abort();
        taken += item.len;
    }
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t taken = skip_all(gb_bytes(data, size));
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, size + 16);
    struct cbor_reader reader;
    cbor_reader_init(&reader, gb_bytes(data, size));
    while (cbor_ok(&reader) && reader.at < size)
        copy_one(&reader, &out);
    struct gb_err err;
    if (cbor_finish(&reader, &err) < 0) {
        if (err.offset > size || (err.code == GB_ERR_INPUT && taken > err.offset))
            abort();
    } else if (!gb_buf_ok(&out) || !gb_bytes_equal(gb_buf_bytes(&out), reader.in)) {
        abort();
    }
    return 0;
}
