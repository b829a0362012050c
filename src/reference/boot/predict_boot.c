#include "reference/boot/predict_boot.h"

#include <string.h>

#include "base/encode.h"
#include "base/finding.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/sets/refval.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/grub_eval.h"
#include "reference/boot/grub_image.h"
#include "reference/boot/kernel.h"
#include "reference/boot/loader_entry.h"
#include "reference/boot/pe.h"
#include "reference/boot/secure_boot.h"
#include "reference/boot/shim.h"
#include "reference/predict_set.h"

/* A prediction under way. */
struct work {
    const struct predict_boot *boot;
    struct predict_set os;
    struct predict_set platform; /* set NULL: Secure Boot is not known */
    struct gb_bytes authority;   /* the certificate measured last */
    struct gb_err *err;
};

/* Reads a file that must be there. */
static int read_file(struct work *work, const char *path, struct gb_bytes *ret_file)
{
    const struct boot_files *files = work->boot->files;
    int r = files->read(files->context, 0, path, ret_file, work->err);
    if (r == 0 && !ret_file->data)
        return gb_err_set(work->err, GB_ERR_NOTFOUND, "%s: there is no such file", path);
    return r;
}

static int in_file(struct work *work, const char *path, int r)
{
    if (r < 0)
        gb_err_prefix(work->err, "%s: ", path);
    return r;
}

/* An image that firmware starts: measured, and the certificate that it was verified by. */
static int add_image(struct work *work, enum gb_link link, const char *about,
                     const struct pe_image *image)
{
    struct predict_event event = {
        .link = link, .pcr = 4, .type = EV_EFI_BOOT_SERVICES_APPLICATION, .about = about};
    int r = GB_OK;
    if (work->platform.set)
        r = secure_boot_add_authority(&work->platform, work->boot->secure_boot, image,
                                      &work->authority, work->err);
    return r < 0 ? r : predict_set_image(&work->os, &event, image, work->err);
}

/* --- systemd-boot ----------------------------------------------------------------------------- */

static bool is_systemd_boot(const struct pe_image *image)
{
    const struct pe_section *section = pe_find(image, ".sdmagic");
    return section && gb_bytes_starts(section->raw, gb_bytes_str("#### LoaderInfo: systemd-boot "));
}

static int find_entry(struct work *work, struct loader_entry *ret_entry)
{
    struct gb_bytes text = {0};
    const char *name = work->boot->entry;
    int r = GB_OK;
    if (!name) {
        r = read_file(work, "/loader/loader.conf", &text);
        if (r == 0)
            r = in_file(work, "/loader/loader.conf",
                        loader_default_read(work->os.arena, text, &name, work->err));
    }
    const char *path = r == 0 ? gb_arena_printf(work->os.arena, "/loader/entries/%s", name) : NULL;
    if (r == 0 && !path)
        r = gb_err_nomem(work->err);
    if (r == 0)
        r = read_file(work, path, &text);
    return r < 0
               ? r
               : in_file(work, path, loader_entry_read(work->os.arena, text, ret_entry, work->err));
}

/* systemd-boot puts initrd= before the options, though it hands the initrd over by itself. */
static int command_line(struct work *work, const struct loader_entry *entry,
                        struct gb_bytes *ret_text)
{
    struct gb_arena *arena = work->os.arena;
    char *text = entry->initrd ? gb_arena_printf(arena, "initrd=%s%s%s", entry->initrd,
                                                 entry->options[0] ? " " : "", entry->options)
                               : gb_arena_printf(arena, "%s", entry->options);
    if (!text)
        return gb_err_nomem(work->err);
    for (char *c = text; entry->initrd && *c && *c != ' '; c++)
        if (*c == '/')
            *c = '\\';
    *ret_text = gb_bytes_str(text);
    return GB_OK;
}

/* boot.c measures the options into PCR 12, the kernel's stub the same text into PCR 9. */
static int add_options(struct work *work, struct gb_bytes text)
{
    struct gb_bytes wide;
    struct predict_event event = {.link = GB_LINK_CMDLINE,
                                  .pcr = 12,
                                  .type = EV_IPL,
                                  .about = "kernel command line, as systemd-boot hands it over",
                                  .value = (const char *)text.data};
    if (!gb_utf16_encode(work->os.arena, text, &wide))
        return gb_err_set(work->err, GB_ERR_CONFIG, "the command line is not UTF-8");
    struct pe_memory bytes = {.head = wide};
    int r = predict_set_bytes(&work->os, &event, &bytes, 1, work->err);
    return r < 0 ? r : predict_set_cmdline(&work->os, text, work->err);
}

static int add_kernel(struct work *work, const char *path, const char **ret_release)
{
    struct gb_bytes file;
    struct pe_image image;
    int r = read_file(work, path, &file);
    if (r < 0)
        return r;
    r = pe_read(work->os.arena, file, &image, work->err);
    if (r == 0)
        r = kernel_check(file, work->err);
    if (r == 0)
        r = kernel_release(work->os.arena, file, ret_release, work->err);
    const char *about = r == 0 ? predict_about(work->os.arena, path, *ret_release) : NULL;
    if (r == 0)
        r = about ? add_image(work, GB_LINK_KERNEL, about, &image) : gb_err_nomem(work->err);
    return in_file(work, path, r);
}

static int add_systemd_boot(struct work *work, const char *about, const struct pe_image *image)
{
    struct loader_entry entry = {0};
    struct gb_bytes text = {0};
    const char *release = NULL;
    const struct pe_section *magic = pe_find(image, ".sdmagic");
    if (!gb_bytes_starts(magic->raw, gb_bytes_str("#### LoaderInfo: systemd-boot 252")))
        return gb_err_set(work->err, GB_ERR_CONFIG,
                          "what this release of systemd-boot measures is not known here (252 is); "
                          "capture a boot of it instead");
    int r = add_image(work, GB_LINK_BOOTLOADER, about, image);
    if (r == 0)
        r = find_entry(work, &entry);
    if (r == 0)
        r = add_kernel(work, entry.kernel, &release);
    if (r == 0)
        r = command_line(work, &entry, &text);
    if (r == 0)
        r = add_options(work, text);
    if (r < 0 || !entry.initrd)
        return r;
    struct pe_memory initrd = {0};
    about = predict_about(work->os.arena, entry.initrd, release);
    r = about ? read_file(work, entry.initrd, &initrd.head) : gb_err_nomem(work->err);
    return r < 0 ? r : predict_set_initrd(&work->os, about, &initrd, 1, work->err);
}

/* --- shim and GRUB ---------------------------------------------------------------------------- */

static int add_shim(struct work *work, const char *about, const struct pe_image *image,
                    const struct shim *shim)
{
    struct gb_bytes file = {0};
    struct pe_image loader;
    struct grub_image grub = {0};
    struct grub_start start = {.files = work->boot->files, .image = &grub};
    start.folder = grub_folder_of(work->os.arena, work->boot->path);
    const char *path =
        start.folder ? gb_arena_printf(work->os.arena, "%s/grubx64.efi", start.folder) : NULL;
    if (!path)
        return gb_err_nomem(work->err);
    if (!work->platform.set)
        return gb_err_set(work->err, GB_ERR_CONFIG,
                          "what shim and GRUB measure depends on Secure Boot: give its variables "
                          "(--efivars), or capture a boot instead");
    start.secure_boot = work->boot->secure_boot->on;
    int r = add_image(work, GB_LINK_BOOTLOADER, about, image);
    if (r == 0)
        r = read_file(work, path, &file);
    if (r < 0)
        return r;
    struct predict_event event = {.link = GB_LINK_BOOTLOADER,
                                  .pcr = 4,
                                  .type = EV_EFI_BOOT_SERVICES_APPLICATION,
                                  .about = path};
    r = pe_read(work->os.arena, file, &loader, work->err);
    if (r == 0)
        r = grub_image_read(work->os.arena, &loader, &grub, work->err);
    if (r == 0)
        r = shim_add(&work->platform, shim, start.secure_boot ? &loader : NULL,
                     work->boot->secure_boot->sbat_level, work->err);
    if (r == 0)
        r = predict_set_image(&work->os, &event, &loader, work->err);
    if (r < 0)
        return in_file(work, path, r);
    return grub_eval(&work->os, &start, work->err);
}

/* ---------------------------------------------------------------------------------------------- */

static int add_all(struct work *work)
{
    struct gb_bytes file = {0};
    struct pe_image image;
    struct shim shim = {{0}};
    const char *path = work->boot->path;
    const char *about = predict_about(work->os.arena, path, NULL);
    int r = about ? read_file(work, path, &file) : gb_err_nomem(work->err);
    if (r < 0)
        return r;
    r = pe_read(work->os.arena, file, &image, work->err);
    if (r == 0)
        r = shim_read(&image, &shim, work->err);
    if (r < 0)
        return in_file(work, path, r);
    if (shim.certificate.data)
        return add_shim(work, about, &image, &shim);
    if (is_systemd_boot(&image))
        return add_systemd_boot(work, about, &image);
    return gb_err_set(work->err, GB_ERR_CONFIG,
                      "%s: neither systemd-boot nor shim; a UKI goes with --uki, a kernel with "
                      "--kernel",
                      path);
}

int predict_boot(struct gb_arena *arena, struct digester *digester, const struct predict_boot *boot,
                 struct ref_set **ret_os, struct ref_set **ret_platform, struct gb_err *err)
{
    struct work work = {.boot = boot, .err = err};
    int r = predict_set_begin(arena, digester, REF_OS, boot->os_name, &work.os, err);
    if (r == 0 && boot->secure_boot) {
        r = predict_set_begin(arena, digester, REF_PLATFORM, boot->platform_name, &work.platform,
                              err);
        if (r == 0)
            r = secure_boot_add(&work.platform, boot->secure_boot, err);
    }
    if (r == 0)
        r = add_all(&work);
    if (r < 0)
        return r;
    *ret_os = work.os.set;
    *ret_platform = work.platform.set;
    return GB_OK;
}
