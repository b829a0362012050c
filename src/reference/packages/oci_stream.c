#include "reference/packages/oci_stream.h"

#include "crypto/digest.h"
#include "reference/packages/file_tree.h"

static int read_piece(void *ctx, struct gb_bytes *ret_piece, struct gb_err *err)
{
    struct oci_stream *stream = ctx;
    int r = stream->from.read(stream->from.ctx, ret_piece, err);
    if (r < 0)
        return r;
    stream->size += ret_piece->len;
    r = ret_piece->len > 0 ? digest_add(stream->digester, DIGEST_SHA256, *ret_piece) : 0;
    return r < 0 ? gb_err_set(err, r, "cannot compute a digest") : GB_OK;
}

int oci_stream_begin(struct oci_stream *stream, struct arc_input from, struct digester *digester,
                     struct gb_err *err)
{
    *stream = (struct oci_stream){.from = from, .digester = digester};
    int r = digest_begin(digester, DIGEST_SHA256);
    return r < 0 ? gb_err_set(err, r, "cannot compute a digest") : GB_OK;
}

struct arc_input oci_stream_input(struct oci_stream *stream)
{
    return (struct arc_input){.read = read_piece, .ctx = stream};
}

int oci_stream_end(struct oci_stream *stream, uint8_t digest[FILE_DIGEST], struct gb_err *err)
{
    struct gb_bytes piece;
    do {
        int r = read_piece(stream, &piece, err);
        if (r < 0)
            return r;
    } while (piece.len > 0);
    int r = digest_end(stream->digester, DIGEST_SHA256, digest);
    return r < 0 ? gb_err_set(err, r, "cannot compute a digest") : GB_OK;
}
