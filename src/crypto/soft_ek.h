/*
 * An endorsement key in software, for machines that exist only to put load on a server
 * (garboard-load). Whoever trusts the CA of such keys trusts nobody's hardware: no program that
 * judges uses this.
 */
#ifndef GB_CRYPTO_SOFT_EK_H
#define GB_CRYPTO_SOFT_EK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/signer.h"

/* ECDH: the shared point's x coordinate of a P-256 key and the other side's point (x and y of 32
 * bytes). GB_ERR_INPUT when that is no point, BUG. */
GB_MUST_USE int soft_ek_shared(const struct signer *ek, struct gb_bytes x, struct gb_bytes y,
                               uint8_t ret_z[32], struct gb_err *err);
/* A certificate as a TPM's maker issues it (EK Credential Profile 3.2), DER, ten years long. */
GB_MUST_USE int soft_ek_cert(const struct signer *ca, struct gb_bytes ca_pem,
                             const struct signer *ek, struct gb_buf *ret_der, struct gb_err *err);

#endif
