/* The public areas that our primary keys are made from. Private to tpm/. */
#ifndef GB_TPM_TEMPLATE_H
#define GB_TPM_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>
#include <tss2/tss2_tpm2_types.h>

/* Endorsement keys, in the order in which we prefer them, by the NV index of their certificate. */
struct template_ek {
    const char *name;
    uint32_t cert_index;
    TPM2B_PUBLIC area;
    bool by_policy; /* authorised by PolicySecret(endorsement) alone; else by its empty password */
};
enum { TEMPLATE_EKS = 5 };
extern const struct template_ek template_eks[TEMPLATE_EKS];

extern const TPM2B_PUBLIC template_ak_p256;
extern const TPM2B_PUBLIC template_ak_rsa2048;
extern const TPM2B_PUBLIC template_transport;

#endif
