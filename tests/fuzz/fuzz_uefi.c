/* Every payload of an event: the first byte chooses the type, the second the PCR. */
#include <stdlib.h>

#include "evidence/uefi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t types[] = {
    EV_NO_ACTION,
    EV_SEPARATOR,
    EV_POST_CODE,
    EV_S_CRTM_VERSION,
    EV_POST_CODE2,
    EV_EFI_PLATFORM_FIRMWARE_BLOB2,
    EV_EFI_HANDOFF_TABLES,
    EV_EFI_HANDOFF_TABLES2,
    EV_EFI_VARIABLE_DRIVER_CONFIG,
    EV_EFI_VARIABLE_BOOT,
    EV_EFI_VARIABLE_AUTHORITY,
    EV_EFI_BOOT_SERVICES_APPLICATION,
    EV_EFI_GPT_EVENT,
    EV_IPL,
    EV_EVENT_TAG,
    EV_EFI_ACTION,
};

/* Descriptions go to terminals. */
static void must_be_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            abort();
}

/* Signatures stay inside their list, whatever its sizes say. */
static void lists(struct gb_arena *arena, struct gb_bytes in)
{
    struct uefi_signatures s;
    size_t count = 0;
    size_t bytes = 0;
    if (uefi_signatures_read(arena, in, &s, NULL) < 0)
        return;
    for (size_t i = 0; i < s.count; i++) {
        bytes += 16 + s.items[i].data.len;
        if (s.items[i].data.data < in.data ||
            s.items[i].data.data + s.items[i].data.len > in.data + in.len)
            abort();
    }
    if (uefi_signatures_count(in, &count, NULL) < 0 || count != s.count || bytes > in.len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *text = NULL;
    struct uefi_ipl ipl;
    if (!arena || size < 2)
        return 0;
    struct boot_event event = {.type = types[data[0] % GB_ARRAY_LEN(types)],
                               .pcr = data[1] % GB_LIMIT_PCRS,
                               .data = gb_bytes(data + 2, size - 2)};
    if (uefi_describe(arena, &event, &text, NULL) == GB_OK)
        must_be_printable(text);
    if (uefi_ipl_read(arena, &event, &ipl, NULL) < 0)
        abort();
    lists(arena, event.data);
    return 0;
}
