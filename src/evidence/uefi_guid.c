#include <stdio.h>
#include <string.h>

#include "evidence/uefi.h"

/* The first three groups are little-endian on the wire (UEFI 2.10, appendix A). */
#define GUID(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                              \
    {                                                                                              \
        {                                                                                          \
            (a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24 & 0xff, (b) & 0xff, (b) >> 8, \
                (c) & 0xff, (c) >> 8, d0, d1, d2, d3, d4, d5, d6, d7                               \
        }                                                                                          \
    }

const struct uefi_guid UEFI_GLOBAL_VARIABLE =
    GUID(0x8be4df61, 0x93ca, 0x11d2, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c);
const struct uefi_guid UEFI_IMAGE_SECURITY_DB =
    GUID(0xd719b2cb, 0x3d3a, 0x4596, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f);
const struct uefi_guid UEFI_SHIM_LOCK =
    GUID(0x605dab50, 0xe046, 0x4300, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23);
const struct uefi_guid UEFI_CERT_X509 =
    GUID(0xa5c059a1, 0x94e4, 0x4aa7, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72);
const struct uefi_guid UEFI_CERT_SHA256 =
    GUID(0xc1c41626, 0x504c, 0x4092, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28);

bool uefi_guid_equal(const struct uefi_guid *a, const struct uefi_guid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void uefi_guid_text(const struct uefi_guid *guid, char out[37])
{
    const uint8_t *b = guid->bytes;
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[3],
             b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}
