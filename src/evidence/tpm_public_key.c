#include "crypto/key.h"
#include "evidence/tpm_wire.h"

int tpm_public_key(const struct tpm_public *public_area, struct key **ret_key, struct gb_err *err)
{
    if (public_area->type == TPM_ALG_RSA)
        return key_from_rsa(public_area->rsa_modulus, public_area->rsa_exponent, ret_key, err);
    return key_from_ec((enum key_curve)public_area->ecc_curve, public_area->ecc_x,
                       public_area->ecc_y, ret_key, err);
}
