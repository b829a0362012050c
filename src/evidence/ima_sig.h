/* The signature field of ima-sig, ima-sigv2 and ima-sigv3: the file's security.ima attribute as the
 * kernel measured it (security/integrity/integrity.h of Linux, struct signature_v2_hdr). */
#ifndef GB_EVIDENCE_IMA_SIG_H
#define GB_EVIDENCE_IMA_SIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/digest.h"

struct ima_sig {
    bool is_verity;        /* version 3: over the fs-verity digest with its kind before it */
    uint8_t algorithm;     /* the kernel's number of it (include/uapi/linux/hash_info.h) */
    enum digest_alg alg;   /* the same; DIGEST_NONE when it is none of ours */
    uint8_t key_id[4];     /* the last bytes of the signer's subject key identifier */
    struct gb_bytes value; /* PKCS#1 v1.5, or DER of r and s */
};

/* Points into `field`. False when it is no signature of version 2 or 3, or its length is wrong;
 * *ret_why (a literal) says so. */
GB_MUST_USE bool ima_sig_read(struct gb_bytes field, struct ima_sig *ret_sig, const char **ret_why);

#endif
