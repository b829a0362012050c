#include "reference/predict.h"

#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/sets/refval.h"
#include "reference/boot/kernel.h"
#include "reference/boot/pe.h"
#include "reference/boot/uki.h"
#include "reference/predict_set.h"

static int add_image(struct predict_set *build, enum gb_link link, const char *about,
                     const struct pe_image *image, struct gb_err *err)
{
    if (!about)
        return gb_err_nomem(err);
    struct predict_event event = {
        .link = link, .pcr = 4, .type = EV_EFI_BOOT_SERVICES_APPLICATION, .about = about};
    return predict_set_image(build, &event, image, err);
}

/* systemd-stub extends PCR 11 twice a section: by the name with its NUL, then by the content. What
 * they are about is said as policy/chain says it of a boot, so that findings read plainly. */
static int add_section(struct predict_set *build, const struct uki_section *section,
                       struct gb_err *err)
{
    struct predict_event event = {
        .link = section->link,
        .pcr = 11,
        .type = EV_IPL,
        .about = gb_arena_printf(build->arena, "the name of UKI section %s", section->name)};
    struct pe_memory name = {.head = gb_bytes(section->name, strlen(section->name) + 1)};
    if (!event.about)
        return gb_err_nomem(err);
    int r = predict_set_bytes(build, &event, &name, 1, err);
    if (r < 0)
        return r;
    event.about = gb_arena_printf(build->arena, "the UKI's section %s", section->name);
    if (!event.about)
        return gb_err_nomem(err);
    return predict_set_bytes(build, &event, &section->memory, 1, err);
}

/* Firmware measures a kernel as it loads it, if it does; then the kernel measures what it got. */
static int add_kernel(struct gb_arena *arena, struct predict_set *build, const char *about,
                      struct gb_bytes bytes, bool by_firmware, struct gb_err *err)
{
    struct pe_image image;
    int r = pe_read(arena, bytes, &image, err);
    if (r == 0)
        r = kernel_check(bytes, err);
    return r < 0 || !by_firmware ? r : add_image(build, GB_LINK_KERNEL, about, &image, err);
}

/* In the order of measuring. */
static int add_uki(struct gb_arena *arena, struct predict_set *build, const char *file,
                   const struct uki *uki, bool secure_boot, struct gb_err *err)
{
    int r = add_image(build, GB_LINK_BOOTLOADER, file, &uki->image, err);
    for (size_t i = 0; r == 0 && i < uki->section_count; i++)
        r = add_section(build, &uki->sections[i], err);
    if (r < 0)
        return r;
    r = add_kernel(arena, build, "the kernel inside the UKI", uki->linux_image, !secure_boot, err);
    if (r < 0) {
        gb_err_shift(err, (size_t)(uki->linux_image.data - uki->image.file.data));
        gb_err_prefix(err, ".linux: ");
        return r;
    }
    r = predict_set_cmdline(build, uki->cmdline, err);
    if (r == 0 && uki->initrd_pieces > 0)
        r = predict_set_initrd(build, NULL, uki->initrd, uki->initrd_pieces, err);
    return r;
}

int predict_uki(struct gb_arena *arena, struct digester *digester,
                const struct predict_image *image, bool secure_boot, const char *name,
                struct ref_set **ret_set, struct gb_err *err)
{
    struct uki uki;
    struct predict_set build = {0};
    const char *about = predict_about(arena, image->file, NULL);
    if (!about)
        return gb_err_nomem(err);
    int r = uki_read(arena, image->bytes, &uki, err);
    if (r == 0)
        r = predict_set_begin(arena, digester, REF_OS, name, &build, err);
    if (r == 0)
        r = add_uki(arena, &build, about, &uki, secure_boot, err);
    if (r < 0) {
        gb_err_prefix(err, "%s: ", image->file);
        return r;
    }
    *ret_set = build.set;
    return GB_OK;
}

bool predict_initrd_by_name(struct gb_bytes cmdline)
{
    struct gb_bytes rest = cmdline;
    for (struct gb_bytes word = gb_text_word(&rest); word.len > 0; word = gb_text_word(&rest))
        if (gb_bytes_starts(word, gb_bytes_str("initrd=")))
            return true;
    return false;
}

int predict_parts(struct gb_arena *arena, struct digester *digester,
                  const struct predict_parts *parts, const char *name, struct ref_set **ret_set,
                  struct gb_err *err)
{
    struct predict_set build = {0};
    const char *release = NULL;
    const char *about = NULL;
    int r = predict_set_begin(arena, digester, REF_OS, name, &build, err);
    if (r < 0)
        return r;
    r = kernel_release(arena, parts->kernel, &release, err);
    if (r == 0)
        r = add_kernel(arena, &build, predict_about(arena, parts->kernel_file, release),
                       parts->kernel, true, err);
    if (r < 0) {
        gb_err_prefix(err, "%s: ", parts->kernel_file);
        return r;
    }
    r = predict_set_cmdline(&build, parts->cmdline, err);
    struct pe_memory initrd = {.head = parts->initrd};
    if (r == 0 && parts->initrd.len > 0 && !predict_initrd_by_name(parts->cmdline)) {
        about = predict_about(arena, parts->initrd_file, release);
        r = about ? predict_set_initrd(&build, about, &initrd, 1, err) : gb_err_nomem(err);
    }
    if (r < 0)
        return r;
    *ret_set = build.set;
    return GB_OK;
}
