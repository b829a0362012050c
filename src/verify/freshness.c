#include "verify/freshness.h"

#include "base/encode.h"
#include "base/limits.h"
#include "evidence/tpm_wire.h"

/* Nonces are no secrets, but a habit kept costs nothing: the time does not tell where two differ.
 */
static bool equal(struct gb_bytes a, struct gb_bytes b)
{
    if (a.len != b.len)
        return false;
    unsigned diff = 0;
    for (size_t i = 0; i < a.len; i++)
        diff |= (unsigned)(a.data[i] ^ b.data[i]);
    return diff == 0;
}

bool freshness_judge(struct gb_arena *arena, const struct tpm_attest *attest, bool has_nonce,
                     struct gb_bytes nonce, struct gb_findings *findings)
{
    if (!has_nonce) {
        gb_finding_add(findings, GB_FINDING_NONCE_UNCHECKED, GB_NO_EVENT, NULL, NULL, NULL);
        return true;
    }
    if (nonce.len > 0 && equal(nonce, attest->extra_data))
        return true;
    char *asked = gb_hex(arena, nonce);
    if (attest->extra_data.len == 0)
        gb_finding_add(findings, GB_FINDING_NONCE_EMPTY, GB_NO_EVENT, asked, NULL, NULL);
    else
        gb_finding_add(findings, GB_FINDING_NONCE_MISMATCH, GB_NO_EVENT,
                       gb_hex(arena, attest->extra_data), asked, NULL);
    return false;
}
