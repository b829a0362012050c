#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"

enum {
    CC_LOADER_REGISTER = 3, /* RTMR 2: what PCRs 8 to 15 are to a TPM (UEFI 2.10, 38.4.1) */
    GRUB_PCR = 9,
    UKI_PCR = 11,
    SHIM_PCR = 14,
};

/* GRUB up to RHEL 8's patches wrote the second form of each. */
static const struct {
    const char *prefix;
    enum uefi_ipl_kind kind;
} prefixes[] = {
    {"grub_cmd: ", UEFI_IPL_GRUB_COMMAND},           {"kernel_cmdline: ", UEFI_IPL_GRUB_CMDLINE},
    {"module_cmdline: ", UEFI_IPL_GRUB_CMDLINE},     {"grub_cmd ", UEFI_IPL_GRUB_COMMAND},
    {"grub_kernel_cmdline ", UEFI_IPL_GRUB_CMDLINE},
};

static bool looks_utf16(struct gb_bytes data)
{
    return data.len >= 2 && data.data[0] != 0 && data.data[1] == 0;
}

/* systemd-stub also measures initrds that it makes up, described in UTF-16: "Credentials initrd",
 * "Global credentials initrd", "System extension initrd", "Configuration extension initrd". */
static bool names_initrd(struct gb_bytes utf16)
{
    static const uint8_t word[] = {' ', 0, 'i', 0, 'n', 0, 'i', 0, 't', 0, 'r', 0, 'd', 0, 0, 0};
    return (utf16.data[0] == 'C' || utf16.data[0] == 'G' || utf16.data[0] == 'S') &&
           utf16.len >= sizeof word &&
           memcmp(utf16.data + utf16.len - sizeof word, word, sizeof word) == 0;
}

static enum uefi_ipl_kind utf16_kind(uint32_t pcr, struct gb_bytes data)
{
    if (data.data[0] == '.' && (pcr == UKI_PCR || pcr == CC_LOADER_REGISTER))
        return UEFI_IPL_UKI_SECTION;
    if (pcr == 8 || pcr == 12)
        return names_initrd(data) ? UEFI_IPL_OTHER : UEFI_IPL_STUB_CMDLINE;
    return UEFI_IPL_OTHER;
}

static enum uefi_ipl_kind plain_kind(uint32_t pcr, struct gb_bytes data)
{
    if (pcr == SHIM_PCR || gb_bytes_starts(data, gb_bytes_str("MokList")))
        return UEFI_IPL_SHIM_VARIABLE;
    bool path = data.len > 0 && (data.data[0] == '/' || data.data[0] == '(');
    return pcr == GRUB_PCR || (pcr == CC_LOADER_REGISTER && path) ? UEFI_IPL_GRUB_FILE
                                                                  : UEFI_IPL_OTHER;
}

struct uefi_ipl_form uefi_ipl_split(const struct boot_event *event)
{
    struct gb_bytes data = event->data;
    for (size_t i = 0; i < GB_ARRAY_LEN(prefixes); i++) {
        struct gb_bytes prefix = gb_bytes_str(prefixes[i].prefix);
        if (gb_bytes_starts(data, prefix))
            return (struct uefi_ipl_form){.kind = prefixes[i].kind,
                                          .text = gb_bytes_from(data, prefix.len)};
    }
    if (looks_utf16(data))
        return (struct uefi_ipl_form){
            .kind = utf16_kind(event->pcr, data), .utf16 = true, .text = data};
    return (struct uefi_ipl_form){.kind = plain_kind(event->pcr, data), .text = data};
}

static struct gb_bytes until_nul(struct gb_bytes text)
{
    const uint8_t *nul = text.len > 0 ? memchr(text.data, 0, text.len) : NULL;
    return nul ? gb_bytes(text.data, (size_t)(nul - text.data)) : text;
}

int uefi_ipl_read(struct gb_arena *arena, const struct boot_event *event, struct uefi_ipl *ret_ipl,
                  struct gb_err *err)
{
    struct uefi_ipl_form form = uefi_ipl_split(event);
    struct gb_bytes text =
        form.utf16 ? gb_utf16_decode(arena, form.text) : gb_arena_copy(arena, until_nul(form.text));
    if (!text.data)
        return gb_err_nomem(err);
    *ret_ipl = (struct uefi_ipl){.kind = form.kind, .text = (const char *)text.data};
    return GB_OK;
}

int uefi_tagged_read(struct gb_bytes in, struct uefi_tagged *ret_tagged, struct gb_err *err)
{
    struct uefi_tagged tagged = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    tagged.id = gb_read_u32le(&r);
    uint32_t size = gb_read_u32le(&r);
    tagged.data = gb_read_bytes(&r, size);
    int ret = gb_reader_finish(&r, err);
    if (ret == 0)
        *ret_tagged = tagged;
    return ret;
}
