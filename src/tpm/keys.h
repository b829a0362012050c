/*
 * The agent's two keys: the attestation key (restricted: it signs only what the TPM made) and the
 * transport key (it speaks TLS). Both are primary keys of the endorsement hierarchy, made anew from
 * the same template after an eviction, and kept at persistent handles.
 */
#ifndef GB_TPM_KEYS_H
#define GB_TPM_KEYS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/tpm_wire.h"
#include "tpm/device.h"

enum tpm_key_form { TPM_KEY_P256, TPM_KEY_RSA2048 };

enum { TPM_AK_HANDLE = 0x81010010, TPM_TRANSPORT_HANDLE = 0x81010011 };

/* Spans are in the arena. */
struct tpm_key {
    uint32_t handle;
    struct gb_bytes public_area; /* TPM2B_PUBLIC */
    struct tpm_public area;      /* the same, read */
    struct gb_bytes name;        /* TPM2B_NAME's content */
};

/*
 * The key at `handle`: found there, or made and put there. `expected` is the Name that it had
 * (empty: any): with another one the TPM was cleared or changed, GB_ERR_DENIED, and nothing was put
 * there. GB_ERR_CONFIG: the handle holds somebody else's key, which the text describes.
 */
GB_MUST_USE int tpm_ak(struct tpm *tpm, struct gb_arena *arena, enum tpm_key_form form,
                       uint32_t handle, struct gb_bytes expected, struct tpm_key *ret_key,
                       struct gb_err *err);
GB_MUST_USE int tpm_transport(struct tpm *tpm, struct gb_arena *arena, uint32_t handle,
                              struct gb_bytes expected, struct tpm_key *ret_key,
                              struct gb_err *err);

#endif
