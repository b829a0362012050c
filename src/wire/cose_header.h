/* The two headers of a COSE message. Private to cose.c. */
#ifndef GB_WIRE_COSE_HEADER_H
#define GB_WIRE_COSE_HEADER_H

#include "wire/cbor.h"
#include "wire/cose.h"

/* Reads one header map into the message; `labels` collects those of both. Failure sticks. */
void cose_header_read(struct cbor_reader *reader, bool is_protected, struct cbor_keys *labels,
                      struct cose_sign1 *message);

#endif
