#include "evidence/uefi_describe.h"

#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/encode.h"
#include "base/err.h"
#include "base/reader.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"

int uefi_describe_done(const char *text, const char **out, struct gb_err *err)
{
    if (!text)
        return gb_err_nomem(err);
    *out = text;
    return GB_OK;
}

struct gb_bytes uefi_describe_without_nuls(struct gb_bytes in)
{
    while (in.len > 0 && in.data[in.len - 1] == 0)
        in.len--;
    return in;
}

bool uefi_describe_is_text(struct gb_bytes in)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.data[i] < 0x20 || in.data[i] > 0x7e)
            return false;
    return in.len > 0;
}

bool uefi_describe_is_utf16(struct gb_bytes in)
{
    if (in.len < 4 || in.len % 2 != 0)
        return false;
    for (size_t i = 0; i < in.len; i += 2)
        if (in.data[i + 1] != 0 || (in.data[i] < 0x20 && in.data[i] != 0) || in.data[i] > 0x7e)
            return false;
    return in.data[0] != 0;
}

int uefi_describe_any(struct gb_arena *arena, const struct boot_event *event, const char **out,
                      struct gb_err *err)
{
    struct gb_bytes text = uefi_describe_without_nuls(event->data);
    if (uefi_describe_is_text(text))
        return uefi_describe_done(gb_text_escape(arena, text, UEFI_DESCRIBE_SHOWN), out, err);
    if (uefi_describe_is_utf16(event->data)) {
        struct gb_bytes utf8 = gb_utf16_decode(arena, event->data);
        if (!utf8.data)
            return gb_err_nomem(err);
        return uefi_describe_done(gb_text_escape(arena, utf8, UEFI_DESCRIBE_SHOWN), out, err);
    }
    return uefi_describe_done(gb_arena_printf(arena, "%zu bytes", event->data.len), out, err);
}

static int describe_image(struct gb_arena *arena, const struct boot_event *event, const char **out,
                          struct gb_err *err)
{
    struct uefi_image_load image;
    int r = uefi_image_load_read(arena, event->data, &image, err);
    if (r < 0)
        return r;
    if (*image.path)
        return uefi_describe_done(image.path, out, err);
    if (image.length == 0)
        return uefi_describe_done("image without a path", out, err);
    return uefi_describe_done(
        gb_arena_printf(arena, "image of %lu bytes without a path", image.length), out, err);
}

static int describe_gpt(struct gb_arena *arena, const struct boot_event *event, const char **out,
                        struct gb_err *err)
{
    struct uefi_gpt gpt;
    int r = uefi_gpt_read(arena, event->data, &gpt, err);
    if (r < 0)
        return r;
    char disk[37];
    uefi_guid_text(&gpt.disk, disk);
    const char *text = gb_arena_printf(arena, "disk %s, %zu partition%s", disk, gpt.count,
                                       gpt.count == 1 ? "" : "s");
    for (size_t i = 0; text && i < gpt.count && i < 8; i++)
        if (*gpt.partitions[i].name)
            text = gb_arena_printf(arena, "%s, \"%s\"", text, gpt.partitions[i].name);
    return uefi_describe_done(text, out, err);
}

static int describe_ipl(struct gb_arena *arena, const struct boot_event *event, const char **out,
                        struct gb_err *err)
{
    static const char *const about[] = {
        [UEFI_IPL_OTHER] = "",
        [UEFI_IPL_GRUB_COMMAND] = "GRUB: ",
        [UEFI_IPL_GRUB_CMDLINE] = "kernel command line: ",
        [UEFI_IPL_GRUB_FILE] = "file ",
        [UEFI_IPL_SHIM_VARIABLE] = "shim's ",
        [UEFI_IPL_UKI_SECTION] = "section ",
        [UEFI_IPL_STUB_CMDLINE] = "kernel command line: ",
    };
    struct uefi_ipl ipl;
    int r = uefi_ipl_read(arena, event, &ipl, err);
    if (r < 0)
        return r;
    struct uefi_ipl_form form = uefi_ipl_split(event);
    if (ipl.kind == UEFI_IPL_OTHER && !form.utf16)
        return uefi_describe_any(arena, event, out, err);
    const char *text = gb_text_escape(arena, gb_bytes_str(ipl.text), UEFI_DESCRIBE_SHOWN);
    return uefi_describe_done(text ? gb_arena_printf(arena, "%s%s", about[ipl.kind], text) : NULL,
                              out, err);
}

static int describe_tag(struct gb_arena *arena, const struct boot_event *event, const char **out,
                        struct gb_err *err)
{
    struct uefi_tagged tagged;
    if (uefi_describe_is_text(uefi_describe_without_nuls(
            event->data))) /* the kernel's stub in a confidential VM: no tag */
        return uefi_describe_any(arena, event, out, err);
    int r = uefi_tagged_read(event->data, &tagged, err);
    if (r < 0)
        return r;
    if (tagged.id == UEFI_TAG_INITRD)
        return uefi_describe_done("initrd, as the kernel loaded it", out, err);
    if (tagged.id == UEFI_TAG_LOAD_OPTIONS)
        return uefi_describe_done("kernel command line, as the kernel got it", out, err);
    struct gb_bytes name = uefi_describe_without_nuls(tagged.data);
    if (uefi_describe_is_text(name)) {
        const char *text = gb_text_escape(arena, name, UEFI_DESCRIBE_SHOWN);
        return uefi_describe_done(
            text ? gb_arena_printf(arena, "tag 0x%08x: %s", tagged.id, text) : NULL, out, err);
    }
    return uefi_describe_done(
        gb_arena_printf(arena, "tag 0x%08x, %zu bytes", tagged.id, tagged.data.len), out, err);
}

static const struct {
    uint32_t type;
    uefi_describe_fn *describe;
} types[] = {
    {EV_NO_ACTION, uefi_describe_no_action},
    {EV_SEPARATOR, uefi_describe_separator},
    {EV_POST_CODE, uefi_describe_blob},
    {EV_S_CRTM_CONTENTS, uefi_describe_blob},
    {EV_S_CRTM_VERSION, uefi_describe_version},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB, uefi_describe_blob},
    {EV_POST_CODE2, uefi_describe_blob2},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB2, uefi_describe_blob2},
    {EV_EFI_HANDOFF_TABLES, uefi_describe_tables},
    {EV_EFI_HANDOFF_TABLES2, uefi_describe_tables2},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, uefi_describe_variable},
    {EV_EFI_VARIABLE_BOOT, uefi_describe_variable},
    {EV_EFI_VARIABLE_BOOT2, uefi_describe_variable},
    {EV_EFI_VARIABLE_AUTHORITY, uefi_describe_authority},
    {EV_EFI_BOOT_SERVICES_APPLICATION, describe_image},
    {EV_EFI_BOOT_SERVICES_DRIVER, describe_image},
    {EV_EFI_RUNTIME_SERVICES_DRIVER, describe_image},
    {EV_EFI_GPT_EVENT, describe_gpt},
    {EV_EFI_GPT_EVENT2, describe_gpt},
    {EV_IPL, describe_ipl},
    {EV_EVENT_TAG, describe_tag},
};

int uefi_describe(struct gb_arena *arena, const struct boot_event *event, const char **ret_text,
                  struct gb_err *err)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(types); i++)
        if (types[i].type == event->type)
            return types[i].describe(arena, event, ret_text, err);
    return uefi_describe_any(arena, event, ret_text, err);
}
