/* The transport key's signature: what TLS and a certificate request ask for. */
#ifndef GB_TPM_SIGN_H
#define GB_TPM_SIGN_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "tpm/keys.h"

/* ECDSA P-256 over a SHA-256 digest. */
GB_MUST_USE int tpm_sign(struct tpm *tpm, const struct tpm_key *key, const uint8_t digest[32],
                         uint8_t ret_r[32], uint8_t ret_s[32], struct gb_err *err);

#endif
