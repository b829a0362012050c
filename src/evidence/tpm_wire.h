/*
 * TPM 2.0 structures as they travel (TPM 2.0 Library, Part 2), read and written side by side.
 * Big-endian; sized fields have ceilings; bytes left over are an error, because a verifier that
 * ignores a tail vouches for what it did not read. All spans point into the input.
 */
#ifndef GB_EVIDENCE_TPM_WIRE_H
#define GB_EVIDENCE_TPM_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/pcr.h"

#define TPM_GENERATED_VALUE UINT32_C(0xff544347) /* Part 2, 6.2 */

/* TPM_ALG_ID (Part 2, 6.3) of what digest.h and key.h do not name. */
enum tpm_alg {
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_AES = 0x0006,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_RSAES = 0x0015,
    TPM_ALG_ECDAA = 0x001a,
    TPM_ALG_ECC = 0x0023,
    TPM_ALG_CFB = 0x0043,
};

/* TPM_ST (Part 2, 6.9): what kind of attestation a TPMS_ATTEST is. */
enum tpm_attest_type {
    TPM_ST_ATTEST_NV = 0x8014,
    TPM_ST_ATTEST_CERTIFY = 0x8017,
    TPM_ST_ATTEST_QUOTE = 0x8018,
};

/* TPMS_ATTEST (Part 2, 10.12.12). `type` says which member of the union counts. */
struct tpm_attest {
    uint32_t magic; /* judged by verify/, not here */
    uint16_t type;
    struct gb_bytes qualified_signer; /* TPM2B_NAME */
    struct gb_bytes extra_data;       /* TPM2B_DATA: the nonce */
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe;
    uint64_t firmware_version;
    union {
        struct {
            struct pcr_selection selection;
            struct gb_bytes pcr_digest;
        } quote;
        struct {
            struct gb_bytes name;
            struct gb_bytes qualified_name;
        } certify;
        struct {
            struct gb_bytes index_name;
            uint16_t offset;
            struct gb_bytes contents;
        } nv;
    };
};

/* Only what all attestations share, up to firmware_version, whatever the type: enough for a finding
 * that names a wrong one. The union stays empty. */
GB_MUST_USE int tpm_attest_read_header(struct gb_bytes in, struct tpm_attest *ret_attest,
                                       struct gb_err *err);
/* The whole structure, to its last byte, of one of the three types. */
GB_MUST_USE int tpm_attest_read(struct gb_bytes in, struct tpm_attest *ret_attest,
                                struct gb_err *err);
void tpm_attest_write(struct gb_buf *out, const struct tpm_attest *attest);

/* TPMT_SIGNATURE (Part 2, 11.3.4) of RSASSA, RSAPSS, ECDSA; another algorithm gives scheme_id only
 * and no error, so that a finding can name it. */
struct tpm_signature {
    uint16_t scheme_id; /* TPM_ALG_ID */
    uint16_t hash_id;
    struct gb_bytes rsa;
    struct gb_bytes ecc_r;
    struct gb_bytes ecc_s;
};

GB_MUST_USE int tpm_signature_read(struct gb_bytes in, struct tpm_signature *ret_signature,
                                   struct gb_err *err);
void tpm_signature_write(struct gb_buf *out, const struct tpm_signature *signature);

/* TPMA_OBJECT (Part 2, 8.3). */
enum tpm_attribute {
    TPMA_FIXED_TPM = 1 << 1,
    TPMA_ST_CLEAR = 1 << 2,
    TPMA_FIXED_PARENT = 1 << 4,
    TPMA_SENSITIVE_DATA_ORIGIN = 1 << 5,
    TPMA_USER_WITH_AUTH = 1 << 6,
    TPMA_ADMIN_WITH_POLICY = 1 << 7,
    TPMA_RESTRICTED = 1 << 16,
    TPMA_DECRYPT = 1 << 17,
    TPMA_SIGN = 1 << 18,
};

/* TPMT_PUBLIC (Part 2, 12.2.4) of an RSA or ECC key. */
struct tpm_public {
    uint16_t type; /* TPM_ALG_RSA or TPM_ALG_ECC */
    uint16_t name_alg;
    uint32_t attributes;
    struct gb_bytes auth_policy;
    uint16_t symmetric_alg; /* TPM_ALG_NULL when none */
    uint16_t symmetric_bits;
    uint16_t symmetric_mode;
    uint16_t scheme;      /* TPM_ALG_NULL when the key leaves it open */
    uint16_t scheme_hash; /* 0 when the scheme has none */
    uint16_t rsa_bits;
    uint32_t rsa_exponent; /* 0 means 65537 */
    struct gb_bytes rsa_modulus;
    uint16_t ecc_curve;
    struct gb_bytes ecc_x;
    struct gb_bytes ecc_y;
    struct gb_bytes encoded; /* the TPMT_PUBLIC itself: what the Name is a hash of */
};

/* TPM2B_PUBLIC: a 16-bit size, then the TPMT_PUBLIC. */
GB_MUST_USE int tpm_public_read(struct gb_bytes in, struct tpm_public *ret_public,
                                struct gb_err *err);
/* Does not write schemes with more details than a hash (ECDAA): `out` fails then. */
void tpm_public_write(struct gb_buf *out, const struct tpm_public *public_area);
/* The public key itself. GB_ERR_INPUT when the numbers make none; the caller frees. */
GB_MUST_USE int tpm_public_key(const struct tpm_public *public_area, struct key **ret_key,
                               struct gb_err *err);
/* Name = nameAlg || H_nameAlg(TPMT_PUBLIC) (Part 1, 16). ret_name holds 2 + GB_LIMIT_DIGEST.
 * GB_ERR_INPUT when nameAlg is unknown. */
GB_MUST_USE int tpm_public_name(struct digester *digester, const struct tpm_public *public_area,
                                uint8_t ret_name[2 + GB_LIMIT_DIGEST], size_t *ret_len,
                                struct gb_err *err);

#endif
