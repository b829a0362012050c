/*
 * A machine that exists only in memory: an EK, an AK and a TLS key made by libcrypto, PCRs, a boot
 * log and an IMA list. What it says is well formed and proven as a real one's; the list grows by
 * files that all machines share.
 */
#ifndef GB_LOAD_MIMIC_H
#define GB_LOAD_MIMIC_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/signer.h"
#include "load/lists.h"

enum { MIMIC_PUBLIC = 256 };

struct mimic {
    struct signer *ek;
    struct signer *ak;
    struct signer *tls;
    struct gb_buf ek_public; /* TPM2B_PUBLIC */
    struct gb_buf ak_public;
    struct gb_buf tls_public;
    uint8_t transport[32]; /* fingerprint of the TLS key */
    uint8_t ak_name[34];
    uint8_t tls_name[34];
    uint32_t reset_count;
    uint64_t started_ms;
    uint64_t entries; /* of its IMA list so far */
    uint8_t pcr10[32];
};

/* Keys from PEM (borrowed), EK, AK and TLS key in this order. */
GB_MUST_USE int mimic_init(struct mimic *machine, const struct lists *lists,
                           struct digester *digester, const struct gb_bytes pem[3],
                           struct gb_err *err);
void mimic_done(struct mimic *machine);

/* `count` more files are measured. */
void mimic_measure(struct mimic *machine, const struct lists *lists, struct digester *digester,
                   uint64_t count);
/* TPMS_ATTEST, TPMT_SIGNATURE and the values of PCR 0-15. `answers` goes through verify/binding.h.
 */
GB_MUST_USE int mimic_quote(const struct mimic *machine, const struct lists *lists,
                            struct digester *digester, struct gb_bytes answers,
                            struct gb_buf *ret_attest, struct gb_buf *ret_signature,
                            uint8_t ret_pcrs[16 * 32], struct gb_err *err);
/* TPM2_Certify of the TLS key by the AK. */
GB_MUST_USE int mimic_certify(const struct mimic *machine, struct digester *digester,
                              struct gb_bytes qualifying, struct gb_buf *ret_attest,
                              struct gb_buf *ret_signature, struct gb_err *err);
/* TPM2_ActivateCredential: opens what was made for this EK and this AK's Name. */
GB_MUST_USE int mimic_activate(const struct mimic *machine, struct gb_bytes id_object,
                               struct gb_bytes encrypted_secret, uint8_t ret_secret[64],
                               size_t *ret_len, struct gb_err *err);

#endif
