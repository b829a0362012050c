#include "tpm/template.h"

#include <tss2/tss2_tpm2_types.h>

/* TCG EK Credential Profile 2.5, appendix B.3: templates L-1, L-2 of the low range, whose policy is
 * PolicySecret(endorsement), and B.4: H-1, H-2, H-3 of the high range, which a password opens, too.
 */
#define EK_LOW                                                                                     \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define EK_HIGH (EK_LOW | TPMA_OBJECT_USERWITHAUTH)

#define POLICY_A_SHA256                                                                            \
    {.size = 32, .buffer = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,      \
                            0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,      \
                            0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa}}
#define POLICY_B_SHA256                                                                            \
    {.size = 32, .buffer = {0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34,      \
                            0x24, 0x14, 0xef, 0xcf, 0xb3, 0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd,      \
                            0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0}}
#define POLICY_B_SHA384                                                                            \
    {.size = 48,                                                                                   \
     .buffer = {0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc,            \
                0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4,            \
                0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb, 0x47, 0xba, 0x09,            \
                0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12}}

#define AES_CFB(bits) {.algorithm = TPM2_ALG_AES, .keyBits.aes = (bits), .mode.aes = TPM2_ALG_CFB}
#define EK_ECC(curve, bits)                                                                        \
    {.symmetric = AES_CFB(bits),                                                                   \
     .scheme.scheme = TPM2_ALG_NULL,                                                               \
     .curveID = (curve),                                                                           \
     .kdf.scheme = TPM2_ALG_NULL}
#define EK_RSA {.symmetric = AES_CFB(128), .scheme.scheme = TPM2_ALG_NULL, .keyBits = 2048}

/* P-256 before RSA: makers put either or both, and a hardware TPM derives it in a moment. */
const struct template_ek template_eks[TEMPLATE_EKS] = {
    {.cert_index = 0x01c0000a,
     .name = "P-256 (L-2)",
     .by_policy = true,
     .area.publicArea = {.type = TPM2_ALG_ECC,
                         .nameAlg = TPM2_ALG_SHA256,
                         .objectAttributes = EK_LOW,
                         .authPolicy = POLICY_A_SHA256,
                         .parameters.eccDetail = EK_ECC(TPM2_ECC_NIST_P256, 128),
                         .unique.ecc = {.x.size = 32, .y.size = 32}}},
    {.cert_index = 0x01c00002,
     .name = "RSA-2048 (L-1)",
     .by_policy = true,
     .area.publicArea = {.type = TPM2_ALG_RSA,
                         .nameAlg = TPM2_ALG_SHA256,
                         .objectAttributes = EK_LOW,
                         .authPolicy = POLICY_A_SHA256,
                         .parameters.rsaDetail = EK_RSA,
                         .unique.rsa.size = 256}},
    {.cert_index = 0x01c00014,
     .name = "P-256 (H-2)",
     .area.publicArea = {.type = TPM2_ALG_ECC,
                         .nameAlg = TPM2_ALG_SHA256,
                         .objectAttributes = EK_HIGH,
                         .authPolicy = POLICY_B_SHA256,
                         .parameters.eccDetail = EK_ECC(TPM2_ECC_NIST_P256, 128)}},
    {.cert_index = 0x01c00016,
     .name = "P-384 (H-3)",
     .area.publicArea = {.type = TPM2_ALG_ECC,
                         .nameAlg = TPM2_ALG_SHA384,
                         .objectAttributes = EK_HIGH,
                         .authPolicy = POLICY_B_SHA384,
                         .parameters.eccDetail = EK_ECC(TPM2_ECC_NIST_P384, 256)}},
    {.cert_index = 0x01c00012,
     .name = "RSA-2048 (H-1)",
     .area.publicArea = {.type = TPM2_ALG_RSA,
                         .nameAlg = TPM2_ALG_SHA256,
                         .objectAttributes = EK_HIGH,
                         .authPolicy = POLICY_B_SHA256,
                         .parameters.rsaDetail = EK_RSA}},
};

/* Restricted keys sign only what the TPM itself made. noDA: a lockout must not stop attestation,
 * and there is no password to guess. The unique data keep our keys apart from everybody else's. */
#define KEY_COMMON                                                                                 \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT)
#define SIGN_P256                                                                                  \
    {.symmetric.algorithm = TPM2_ALG_NULL,                                                         \
     .scheme = {.scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256},               \
     .curveID = TPM2_ECC_NIST_P256,                                                                \
     .kdf.scheme = TPM2_ALG_NULL}

const TPM2B_PUBLIC template_ak_p256 = {
    .publicArea = {.type = TPM2_ALG_ECC,
                   .nameAlg = TPM2_ALG_SHA256,
                   .objectAttributes = KEY_COMMON | TPMA_OBJECT_RESTRICTED,
                   .parameters.eccDetail = SIGN_P256,
                   .unique.ecc.x = {.size = 32, .buffer = "garboard attestation key v1"}}};

const TPM2B_PUBLIC template_ak_rsa2048 = {
    .publicArea = {.type = TPM2_ALG_RSA,
                   .nameAlg = TPM2_ALG_SHA256,
                   .objectAttributes = KEY_COMMON | TPMA_OBJECT_RESTRICTED,
                   .parameters.rsaDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
                                            .scheme = {.scheme = TPM2_ALG_RSASSA,
                                                       .details.rsassa.hashAlg = TPM2_ALG_SHA256},
                                            .keyBits = 2048},
                   .unique.rsa = {.size = 256, .buffer = "garboard attestation key v1"}}};

const TPM2B_PUBLIC template_transport = {
    .publicArea = {.type = TPM2_ALG_ECC,
                   .nameAlg = TPM2_ALG_SHA256,
                   .objectAttributes = KEY_COMMON,
                   .parameters.eccDetail = SIGN_P256,
                   .unique.ecc.x = {.size = 32, .buffer = "garboard transport key v1"}}};
