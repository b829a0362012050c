/*
 * Concise Reference Integrity Manifests (draft-ietf-rats-corim), read into sets and written from
 * sets. docs/formats/corim.md has the table of what becomes what.
 */
#ifndef GB_REFERENCE_CORIM_H
#define GB_REFERENCE_CORIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"

#define CORIM_MEDIA_TYPE "application/rim+cbor"
/* Environments of ours: class.vendor. class.model is "os/kernel", "packages/files", "os/set". */
#define CORIM_OWN_VENDOR "garboard.dev"

/* The registered tags (draft, "New CBOR Tags"; RFC 8949; RFC 9562). */
enum corim_tag {
    CORIM_TAG_EPOCH = 1,
    CORIM_TAG_URI = 32,
    CORIM_TAG_UUID = 37,
    CORIM_TAG_OID = 111,
    CORIM_TAG_CORIM = 501,
    CORIM_TAG_COSWID = 505,
    CORIM_TAG_COMID = 506,
    CORIM_TAG_COTL = 508,
    CORIM_TAG_BYTES = 560,
};

struct corim_trust {
    const struct key *key; /* who must have signed; NULL: nobody, and only unsigned is taken */
    bool allow_unsigned;   /* the operator says so */
    int64_t time_s;        /* now, seconds since 1970 UTC: validity is judged by it */
};

/* What the manifest says of itself; texts printable, in the import's arena, "" when absent. */
struct corim_said {
    const char *id;
    const char *signer; /* proven: whoever has the key says so */
    bool is_signed;     /* and the signature verified */
};

/*
 * Reads one manifest. GB_ERR_DENIED (nothing is mapped then): unsigned without leave, a signature
 * that does not verify, outside its validity, a profile (none is known here, and the draft has the
 * whole manifest refused). GB_ERR_CONFIG: signed, and no key is given. GB_ERR_INPUT, LIMIT, NOMEM.
 */
GB_MUST_USE int corim_read(struct import *import, struct digester *digester, struct gb_bytes in,
                           const struct corim_trust *trust, struct corim_said *ret_said,
                           struct gb_err *err);

/* Writes a signed manifest named `id` that holds these sets, which corim_read gives back the same.
 * `signer_name` stands in its header. GB_ERR_BUG, NOMEM, LIMIT. */
GB_MUST_USE int corim_write(const struct ref_set *const *sets, size_t count, const char *id,
                            const char *signer_name, const struct signer *signer,
                            struct gb_buf *out, struct gb_err *err);

#endif
