/* What the files of this room share: ESYS with owners for its handles and blocks. Private to tpm/.
 */
#ifndef GB_TPM_ESYS_H
#define GB_TPM_ESYS_H

#include <stdbool.h>
#include <stdint.h>
#include <tss2/tss2_esys.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "tpm/device.h"

enum { TPM_KNOWN = 4 }; /* persistent keys in use at a time: AK and transport key */

struct tpm {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    struct digester *digester;
    struct tpm_known {
        uint32_t handle;
        ESYS_TR object;
    } known[TPM_KNOWN];
    size_t known_count;
};

/* A transient object or session that is flushed on every way out: a TPM without resource manager
 * holds three. */
struct tpm_transient {
    struct tpm *tpm;
    ESYS_TR handle; /* ESYS_TR_NONE: nothing */
};
void tpm_transient_done(struct tpm_transient *transient);

/* For gb_cleanup of whatever Esys allocated: takes the address of any pointer. */
void tpm_esys_freep(void *ptr);

/* Password sessions for one and for two handles. */
#define TPM_AUTH_1 ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE
#define TPM_AUTH_2 ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE
#define TPM_AUTH_0 ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE

/* Whether something is at a persistent handle or NV index. */
GB_MUST_USE int tpm_handle_exists(struct tpm *tpm, uint32_t handle, bool *ret_exists,
                                  struct gb_err *err);
/* The object at a persistent handle; asked of the TPM once. */
GB_MUST_USE int tpm_object(struct tpm *tpm, uint32_t handle, ESYS_TR *ret_object,
                           struct gb_err *err);
/* Forgets the above: the handle holds another object now. */
void tpm_object_forget(struct tpm *tpm, uint32_t handle);

/* A primary key of the endorsement hierarchy: the same template, the same key, until the TPM is
 * cleared. The caller frees *ret_public by tpm_esys_freep. */
GB_MUST_USE int tpm_primary(struct tpm *tpm, const TPM2B_PUBLIC *template,
                            struct tpm_transient *ret_key, TPM2B_PUBLIC **ret_public,
                            struct gb_err *err);

/* TPM2B_PUBLIC and TPMT_SIGNATURE as bytes in the arena. */
GB_MUST_USE int tpm_public_bytes(struct gb_arena *arena, const TPM2B_PUBLIC *area,
                                 struct gb_bytes *ret_bytes, struct gb_err *err);
GB_MUST_USE int tpm_signature_bytes(struct gb_arena *arena, const TPMT_SIGNATURE *signature,
                                    struct gb_bytes *ret_bytes, struct gb_err *err);
/* qualifyingData; GB_ERR_BUG when it is too long for any TPM. */
GB_MUST_USE int tpm_qualifying(struct gb_bytes in, TPM2B_DATA *ret_data, struct gb_err *err);

#endif
