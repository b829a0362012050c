/*
 * One connection to a TPM 2.0, by TCTI ("device:/dev/tpmrm0", "swtpm:path=/run/tpm"). The only room
 * to see tss2. One owner, one thread. Errors of the whole room say in words what is wrong and what
 * to do: GB_ERR_NOTFOUND (no TPM), DENIED (no permission; the TPM is another than it was), CONFIG
 * (hierarchy passwords, occupied handles), AGAIN (lockout, out of memory: later), IO (the
 * connection or the TPM failed: close and open anew), NOMEM.
 */
#ifndef GB_TPM_DEVICE_H
#define GB_TPM_DEVICE_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct tpm;

#define TPM_TCTI_DEFAULT "device:/dev/tpmrm0"

struct tpm_conf {
    const char *tcti;                 /* NULL: the default */
    struct gb_bytes endorsement_auth; /* the hierarchies' passwords; empty when they have none */
    struct gb_bytes owner_auth;
};

/* Nothing of `conf` is kept but what the library copies of the passwords. */
GB_MUST_USE int tpm_open(const struct tpm_conf *conf, struct tpm **ret_tpm, struct gb_err *err);
/* NULL is fine. */
void tpm_close(struct tpm *tpm);
/* For gb_cleanup. */
void tpm_closep(struct tpm **tpm);

#endif
