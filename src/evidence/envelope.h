/*
 * Evidence on the wire: one CBOR map with integer keys, version first (docs/formats/evidence.md),
 * media type application/vnd.garboard.evidence+cbor. Reader and writer side by side; spans point
 * into the input. Reading judges form only: it fills a struct bundle, which bundle_read and
 * verify() then take like any other.
 */
#ifndef GB_EVIDENCE_ENVELOPE_H
#define GB_EVIDENCE_ENVELOPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/bundle.h"

#define ENVELOPE_MEDIA_TYPE "application/vnd.garboard.evidence+cbor"
enum { ENVELOPE_VERSION = 1 };

/* GB_ERR_INPUT, LIMIT: "key 5: ...", with the byte offset; GB_ERR_NOMEM. An unknown version is
 * GB_ERR_INPUT and says which are known. */
GB_MUST_USE int envelope_read(struct gb_arena *arena, struct gb_bytes in, struct bundle *ret_bundle,
                              struct gb_err *err);
/* Only the parts that are there (data != NULL). */
void envelope_write(struct gb_buf *out, const struct bundle *bundle);

#endif
