/* Response codes in words, with what to do. Private to tpm/. */
#ifndef GB_TPM_FAILURE_H
#define GB_TPM_FAILURE_H

#include <tss2/tss2_common.h>

#include "base/err.h"

/* `what` was refused: fills `err` and returns its code. Literals only. */
int tpm_failed(struct gb_err *err, TSS2_RC rc, const char *what);
/* The same where the authorisation of a hierarchy ("endorsement", "owner") was used. */
int tpm_failed_auth(struct gb_err *err, TSS2_RC rc, const char *what, const char *hierarchy);
/* A TCTI that does not open: no device, no permission (and which group has it), in use. */
int tpm_failed_open(struct gb_err *err, TSS2_RC rc, const char *tcti);

#endif
