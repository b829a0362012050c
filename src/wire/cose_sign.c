/* The writing half of cose.h. */
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/signer.h"
#include "wire/cbor.h"
#include "wire/cose.h"

/* In the deterministic order of RFC 8949, 4.2.1: 1, 3, 4, 8, 15. */
static void write_header(struct gb_buf *out, const struct cose_said *said)
{
    bool has_meta = said->corim_meta.len > 0;
    bool has_claims = said->cwt_claims.len > 0;
    cbor_map(out, 3u + has_meta + has_claims);
    cbor_uint(out, 1);
    cbor_int(out, COSE_ES256);
    cbor_uint(out, 3);
    cbor_text(out, gb_bytes_str(said->content_type));
    cbor_uint(out, 4);
    cbor_bytes(out, said->kid);
    if (has_meta) {
        cbor_uint(out, 8);
        cbor_bytes(out, said->corim_meta);
    }
    if (has_claims) {
        cbor_uint(out, 15);
        gb_buf_add(out, said->cwt_claims.data, said->cwt_claims.len);
    }
}

static int failed(struct gb_err *err)
{
    return gb_err_set(err, GB_ERR_LIMIT, "out of memory, or more than the %d MB of a signed file",
                      GB_LIMIT_IMPORT_FILE >> 20);
}

int cose_sign1_write(const struct cose_said *said, const struct signer *signer, struct gb_buf *out,
                     struct gb_err *err)
{
    uint8_t signature[64];
    gb_cleanup(gb_buf_done) struct gb_buf header;
    gb_cleanup(gb_buf_done) struct gb_buf signed_bytes;
    gb_buf_init(&header, GB_LIMIT_IMPORT_FILE);
    gb_buf_init(&signed_bytes, 2 * (size_t)GB_LIMIT_IMPORT_FILE + 64);
    write_header(&header, said);
    cose_to_be_signed(&signed_bytes, gb_buf_bytes(&header), said->payload);
    if (!gb_buf_ok(&header) || !gb_buf_ok(&signed_bytes))
        return failed(err);
    int r = signer_sign(signer, gb_buf_bytes(&signed_bytes), signature, err);
    if (r < 0)
        return r;
    cbor_tag(out, COSE_TAG_SIGN1);
    cbor_array(out, 4);
    cbor_bytes(out, gb_buf_bytes(&header));
    cbor_map(out, 0);
    cbor_bytes(out, said->payload);
    cbor_bytes(out, gb_bytes(signature, sizeof signature));
    return gb_buf_ok(out) ? GB_OK : failed(err);
}
