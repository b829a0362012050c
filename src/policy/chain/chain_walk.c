#include "policy/chain/chain_walk.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "policy/chain/chain.h"
#include "policy/chain/chain_payload.h"
#include "verify/claims.h"
#include "verify/cmdline.h"

enum { ABOUT_MAX = 160 };

/* TCG_PCClientTaggedEvent ids of systemd-stub's addons (systemd's tpm2-pcr.h). */
#define TAG_INITRD_ADDON UINT32_C(0x49dffe0f)
#define TAG_UCODE_ADDON  UINT32_C(0xdac08e1a)

enum gb_link chain_section_link(struct gb_bytes section)
{
    if (gb_bytes_is(section, ".linux"))
        return GB_LINK_KERNEL;
    if (gb_bytes_is(section, ".initrd"))
        return GB_LINK_INITRD;
    if (gb_bytes_is(section, ".cmdline"))
        return GB_LINK_CMDLINE;
    return GB_LINK_BOOTLOADER;
}

static bool is_image(const struct measured *m)
{
    return m->pcr == 4 && m->digest.len > 0 &&
           (m->type == EV_EFI_BOOT_SERVICES_APPLICATION || m->type == EV_EFI_BOOT_SERVICES_DRIVER ||
            m->type == EV_EFI_RUNTIME_SERVICES_DRIVER);
}

/* What GRUB's command loads: "linux", "linuxefi", "linux16", "initrd", ... */
static enum gb_link command_link(const char *text)
{
    struct gb_bytes rest = gb_bytes_str(text);
    struct gb_bytes word = gb_text_word(&rest);
    if (gb_bytes_starts(word, gb_bytes_str("linux")))
        return GB_LINK_KERNEL;
    if (gb_bytes_starts(word, gb_bytes_str("initrd")))
        return GB_LINK_INITRD;
    return GB_LINK_NONE;
}

static void note(struct chain_walk *walk, size_t i, const struct uefi_ipl *ipl)
{
    const struct measured *m = &walk->claims->boot[i];
    size_t none = walk->claims->boot_count;
    if (is_image(m))
        walk->last_image = i;
    if (m->pcr == 11 && ipl->kind == UEFI_IPL_UKI_SECTION && walk->first_section == none)
        walk->first_section = i;
    if (m->pcr == 8 && ipl->kind == UEFI_IPL_GRUB_COMMAND && walk->first_linux == none &&
        command_link(ipl->text) == GB_LINK_KERNEL)
        walk->first_linux = i;
}

int chain_walk_init(struct chain_walk *walk, struct gb_arena *arena, const struct claims *claims,
                    struct gb_err *err)
{
    size_t none = claims->boot_count;
    *walk = (struct chain_walk){.arena = arena,
                                .claims = claims,
                                .first_section = none,
                                .first_linux = none,
                                .last_image = none};
    for (size_t i = 0; i < claims->boot_count; i++) {
        struct uefi_ipl ipl;
        int r = chain_payload_ipl(arena, &claims->boot[i], &ipl, err);
        if (r < 0)
            return r;
        note(walk, i, &ipl);
    }
    return GB_OK;
}

/*
 * With a UKI the images before its sections are boot loaders, the UKI among them; the one after is
 * the kernel inside. GRUB loads the kernel after its linux command. Otherwise the last image is the
 * kernel: firmware or systemd-boot started it.
 */
int chain_walk_image(struct chain_walk *walk, struct chain_event *event, struct gb_err *err)
{
    (void)err;
    size_t none = walk->claims->boot_count;
    if (!is_image(event->measured))
        return GB_OK;
    bool is_kernel = walk->at == walk->last_image;
    if (walk->first_section != none)
        is_kernel = walk->at > walk->first_section;
    else if (walk->first_linux != none)
        is_kernel = walk->at > walk->first_linux;
    if (!is_kernel)
        return GB_OK;
    event->link = GB_LINK_KERNEL;
    if (walk->first_section != none)
        event->about = "the kernel inside the UKI";
    else if (walk->first_linux != none)
        event->about = "the kernel that GRUB loaded";
    return GB_OK;
}

int chain_walk_command(struct chain_walk *walk, struct chain_event *event, struct gb_err *err)
{
    struct uefi_ipl ipl;
    int r = chain_payload_ipl(walk->arena, event->measured, &ipl, err);
    if (r < 0)
        return r;
    struct gb_bytes grub = cmdline_of_grub(event->measured);
    if (grub.data) {
        event->link = GB_LINK_CMDLINE;
        event->text = grub;
    } else if (ipl.kind == UEFI_IPL_GRUB_COMMAND) {
        walk->command = command_link(ipl.text);
        if (walk->command == GB_LINK_KERNEL)
            event->link = GB_LINK_CMDLINE;
    } else if (ipl.kind == UEFI_IPL_GRUB_CMDLINE || ipl.kind == UEFI_IPL_STUB_CMDLINE) {
        event->link = GB_LINK_CMDLINE;
        if (event->measured->data_proven)
            event->text = gb_bytes_str(ipl.text);
    }
    return GB_OK;
}

/* GRUB may read its own modules and lists for a command before the file that the command names. */
static bool is_grub_own(const char *path)
{
    static const char *const endings[] = {".mod", ".lst", ".cfg", ".pf2", ".mo", ".gmo", ".env"};
    size_t len = strlen(path);
    for (size_t i = 0; i < GB_ARRAY_LEN(endings); i++) {
        size_t n = strlen(endings[i]);
        if (len >= n && strcmp(path + len - n, endings[i]) == 0)
            return true;
    }
    return false;
}

int chain_walk_file(struct chain_walk *walk, struct chain_event *event, struct gb_err *err)
{
    uint32_t tag = chain_payload_tag(event->measured);
    bool is_proven = walk->claims->cmdline.data && walk->at == walk->claims->cmdline_at;
    if (is_proven || tag == UEFI_TAG_LOAD_OPTIONS) {
        event->link = GB_LINK_CMDLINE;
        event->about = "kernel command line";
        if (is_proven)
            event->text = walk->claims->cmdline;
        return GB_OK;
    }
    if (tag == UEFI_TAG_INITRD) {
        event->link = GB_LINK_INITRD;
        event->about = "initrd as the kernel loads it";
        return GB_OK;
    }
    struct uefi_ipl ipl;
    int r = chain_payload_ipl(walk->arena, event->measured, &ipl, err);
    if (r < 0)
        return r;
    if (walk->command != GB_LINK_NONE && event->measured->type == EV_IPL && !is_grub_own(ipl.text))
        event->link = walk->command;
    return GB_OK;
}

/* systemd-stub measures each section's name, then its contents; both records say the name. */
int chain_walk_section(struct chain_walk *walk, struct chain_event *event, struct gb_err *err)
{
    struct uefi_ipl ipl;
    int r = chain_payload_ipl(walk->arena, event->measured, &ipl, err);
    if (r < 0)
        return r;
    if (ipl.kind != UEFI_IPL_UKI_SECTION)
        return GB_OK;
    bool is_contents = walk->section && strcmp(walk->section, ipl.text) == 0;
    walk->section = is_contents ? NULL : ipl.text;
    event->link = chain_section_link(gb_bytes_str(ipl.text));
    const char *shown = gb_text_escape(walk->arena, gb_bytes_str(ipl.text), ABOUT_MAX);
    event->about =
        shown ? gb_arena_printf(walk->arena,
                                is_contents ? "the UKI's section %s" : "the name of UKI section %s",
                                shown)
              : NULL;
    return event->about ? GB_OK : gb_err_nomem(err);
}

int chain_walk_override(struct chain_walk *walk, struct chain_event *event, struct gb_err *err)
{
    uint32_t tag = chain_payload_tag(event->measured);
    struct uefi_ipl ipl;
    int r = chain_payload_ipl(walk->arena, event->measured, &ipl, err);
    if (r < 0)
        return r;
    if (tag == TAG_INITRD_ADDON || tag == TAG_UCODE_ADDON)
        event->link = GB_LINK_INITRD;
    if (ipl.kind == UEFI_IPL_STUB_CMDLINE && event->measured->data_proven)
        event->text = gb_bytes_str(ipl.text);
    return GB_OK;
}
