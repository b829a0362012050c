/* A node's EK certificates and the intermediates that it sent with them, as the store keeps them:
 * DER, one after another with u32be lengths; the highest bit of a length marks an intermediate. */
#ifndef GB_SERVER_EK_CERTS_H
#define GB_SERVER_EK_CERTS_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/bundle.h"

void ek_certs_write(struct gb_buf *out, struct gb_bytes cert, bool intermediate);
/* Sets the bundle's certificates to these and no others: what a node sends of them counts only at
 * its enrolment. They point into `in`. GB_ERR_INPUT. */
GB_MUST_USE int ek_certs_read(struct gb_bytes in, struct bundle *bundle, struct gb_err *err);

#endif
