/* A key that the AK certified: TPM2_Certify (attestation type 8017). The key that speaks TLS lives
 * in the AK's TPM (T03, T06). */
#ifndef GB_VERIFY_CERTIFIED_H
#define GB_VERIFY_CERTIFIED_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/tpm_wire.h"

struct certified {
    struct gb_bytes attest;     /* TPMS_ATTEST of type 8017 */
    struct gb_bytes signature;  /* TPMT_SIGNATURE by the AK */
    struct gb_bytes key_public; /* TPM2B_PUBLIC of the certified key */
};

/*
 * Whether the AK (`ak_public`: a TPM2B_PUBLIC that is judged here as an AK, too) certifies the key,
 * with `qualifying` as its qualifyingData: magic, type, exact length, signature, the Name over the
 * very public area given; the key's attributes fixedTPM, fixedParent, sensitiveDataOrigin, sign,
 * not decrypt, not restricted (an AK certifies imported keys without a word); P-256 or RSA-2048 at
 * least. *ret_key is the certified key when *ret_proven, owned by the caller; each fault is a
 * finding. GB_ERR_INPUT for malformed structures, NOMEM, BUG.
 */
GB_MUST_USE int certified_judge(struct gb_arena *arena, struct digester *digester,
                                struct gb_bytes ak_public, const struct certified *certified,
                                struct gb_bytes qualifying, bool *ret_proven, struct key **ret_key,
                                struct gb_findings *findings, struct gb_err *err);

#endif
