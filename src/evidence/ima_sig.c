#include "evidence/ima_sig.h"

#include <string.h>

#include "crypto/digest.h"

/* Types of security.ima (enum evm_ima_xattr_type), and the length of what comes before the value.
 */
enum { DIGSIG = 0x03, VERITY_DIGSIG = 0x06, HEAD = 9 };

/* enum hash_algo of include/uapi/linux/hash_info.h */
static enum digest_alg alg_of(uint8_t algorithm)
{
    static const enum digest_alg known[] = {
        [2] = DIGEST_SHA1, [4] = DIGEST_SHA256, [5] = DIGEST_SHA384, [6] = DIGEST_SHA512};
    return algorithm < GB_ARRAY_LEN(known) ? known[algorithm] : DIGEST_NONE;
}

bool ima_sig_read(struct gb_bytes field, struct ima_sig *ret_sig, const char **ret_why)
{
    const uint8_t *at = field.data;
    *ret_why = "it is no signature";
    if (field.len < HEAD || (at[0] != DIGSIG && at[0] != VERITY_DIGSIG))
        return false;
    *ret_why = "its version is not known here";
    if (at[1] != (at[0] == DIGSIG ? 2 : 3))
        return false;
    *ret_why = "its length is wrong";
    if (((size_t)at[7] << 8 | at[8]) != field.len - HEAD || field.len == HEAD)
        return false;
    *ret_sig = (struct ima_sig){.is_verity = at[0] == VERITY_DIGSIG,
                                .algorithm = at[2],
                                .alg = alg_of(at[2]),
                                .value = gb_bytes_from(field, HEAD)};
    memcpy(ret_sig->key_id, at + 3, sizeof ret_sig->key_id);
    *ret_why = NULL;
    return true;
}
