#include <stdio.h>

#include "base/encode.h"
#include "evidence/eventlog.h"

static const struct {
    uint32_t type;
    const char *name;
} types[] = {
#define TYPE(t) {t, #t}
    TYPE(EV_PREBOOT_CERT),
    TYPE(EV_POST_CODE),
    TYPE(EV_NO_ACTION),
    TYPE(EV_SEPARATOR),
    TYPE(EV_ACTION),
    TYPE(EV_EVENT_TAG),
    TYPE(EV_S_CRTM_CONTENTS),
    TYPE(EV_S_CRTM_VERSION),
    TYPE(EV_CPU_MICROCODE),
    TYPE(EV_PLATFORM_CONFIG_FLAGS),
    TYPE(EV_TABLE_OF_DEVICES),
    TYPE(EV_COMPACT_HASH),
    TYPE(EV_IPL),
    TYPE(EV_IPL_PARTITION_DATA),
    TYPE(EV_NONHOST_CODE),
    TYPE(EV_NONHOST_CONFIG),
    TYPE(EV_NONHOST_INFO),
    TYPE(EV_OMIT_BOOT_DEVICE_EVENTS),
    TYPE(EV_POST_CODE2),
    TYPE(EV_EFI_VARIABLE_DRIVER_CONFIG),
    TYPE(EV_EFI_VARIABLE_BOOT),
    TYPE(EV_EFI_BOOT_SERVICES_APPLICATION),
    TYPE(EV_EFI_BOOT_SERVICES_DRIVER),
    TYPE(EV_EFI_RUNTIME_SERVICES_DRIVER),
    TYPE(EV_EFI_GPT_EVENT),
    TYPE(EV_EFI_ACTION),
    TYPE(EV_EFI_PLATFORM_FIRMWARE_BLOB),
    TYPE(EV_EFI_HANDOFF_TABLES),
    TYPE(EV_EFI_PLATFORM_FIRMWARE_BLOB2),
    TYPE(EV_EFI_HANDOFF_TABLES2),
    TYPE(EV_EFI_VARIABLE_BOOT2),
    TYPE(EV_EFI_GPT_EVENT2),
    TYPE(EV_EFI_HCRTM_EVENT),
    TYPE(EV_EFI_VARIABLE_AUTHORITY),
    TYPE(EV_EFI_SPDM_FIRMWARE_BLOB),
    TYPE(EV_EFI_SPDM_FIRMWARE_CONFIG),
    TYPE(EV_EFI_SPDM_DEVICE_POLICY),
    TYPE(EV_EFI_SPDM_DEVICE_AUTHORITY),
#undef TYPE
};

const char *event_type_name(uint32_t type, char room[11])
{
    for (size_t i = 0; i < GB_ARRAY_LEN(types); i++)
        if (types[i].type == type)
            return types[i].name;
    snprintf(room, 11, "0x%08x", type);
    return room;
}

/* "0x0000040e": what event_type_name writes for a type without a name. */
static bool hex_type(struct gb_bytes text, uint32_t *ret_type)
{
    uint8_t big[4];
    if (text.len != 10 || !gb_bytes_starts(text, gb_bytes_str("0x")) ||
        !gb_hex_decode(gb_bytes_from(text, 2), big, sizeof big))
        return false;
    *ret_type =
        (uint32_t)big[0] << 24 | (uint32_t)big[1] << 16 | (uint32_t)big[2] << 8 | (uint32_t)big[3];
    return true;
}

bool event_type_from_name(struct gb_bytes name, uint32_t *ret_type)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(types); i++)
        if (gb_bytes_is(name, types[i].name)) {
            *ret_type = types[i].type;
            return true;
        }
    return hex_type(name, ret_type);
}
