#include "server/nodes/ek_certs.h"

#include "base/reader.h"
#include "evidence/bundle.h"

static const uint32_t intermediate_bit = UINT32_C(1) << 31;

void ek_certs_write(struct gb_buf *out, struct gb_bytes cert, bool intermediate)
{
    gb_buf_u32be(out, (uint32_t)cert.len | (intermediate ? intermediate_bit : 0));
    gb_buf_add(out, cert.data, cert.len);
}

/* False when there are too many. */
static bool place(struct bundle *bundle, struct gb_bytes cert, bool intermediate)
{
    if (intermediate) {
        if (bundle->intermediate_count == BUNDLE_MAX_INTERMEDIATES)
            return false;
        bundle->intermediates[bundle->intermediate_count++] =
            (struct bundle_file){"enrolled intermediate", cert};
        return true;
    }
    if (bundle->ekcert_count == BUNDLE_MAX_EKCERTS)
        return false;
    bundle->ekcerts[bundle->ekcert_count++] = (struct bundle_file){"enrolled EK certificate", cert};
    return true;
}

int ek_certs_read(struct gb_bytes in, struct bundle *bundle, struct gb_err *err)
{
    struct gb_reader reader;
    gb_reader_init(&reader, in);
    bundle->ekcert_count = 0;
    bundle->intermediate_count = 0;
    while (gb_reader_left(&reader) > 0) {
        uint32_t head = gb_read_u32be(&reader);
        struct gb_bytes cert = gb_read_bytes(&reader, head & ~intermediate_bit);
        if (!gb_reader_ok(&reader) || !place(bundle, cert, (head & intermediate_bit) != 0))
            return gb_err_set(err, GB_ERR_INPUT, "the stored EK certificates are damaged");
    }
    return gb_reader_finish(&reader, err);
}
