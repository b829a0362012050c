/* A stream that is hashed and counted as somebody reads it. */
#ifndef GB_REFERENCE_OCI_STREAM_H
#define GB_REFERENCE_OCI_STREAM_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "reference/packages/file_tree.h"
#include "wire/arc.h"

struct oci_stream {
    struct arc_input from;
    struct digester *digester; /* its own: SHA-256 is under way */
    uint64_t size;
};

/* `digester` is the stream's until oci_stream_end. */
GB_MUST_USE int oci_stream_begin(struct oci_stream *stream, struct arc_input from,
                                 struct digester *digester, struct gb_err *err);
struct arc_input oci_stream_input(struct oci_stream *stream);
/* Reads what is left and gives the digest of all. */
GB_MUST_USE int oci_stream_end(struct oci_stream *stream, uint8_t digest[FILE_DIGEST],
                               struct gb_err *err);

#endif
