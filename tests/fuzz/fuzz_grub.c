/* Aims at grub_script_read, grub_eval and its commands, grub_module_read and grub_memdisk_find: the
 * input is the first configuration, which may read itself, a module and the memdisk. */
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/grub_eval.h"
#include "reference/boot/grub_image.h"
#include "reference/boot/grub_module.h"
#include "reference/predict_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

struct only_file {
    struct gb_bytes text;
};

/* Some names are there and some are not. */
static int read_file(void *context, size_t volume, const char *path, struct gb_bytes *ret,
                     struct gb_err *err)
{
    const struct only_file *file = context;
    (void)volume;
    (void)err;
    *ret = path[1] == 'n' ? gb_bytes(NULL, 0) : file->text;
    return GB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    struct gb_err err;
    struct only_file file = {.text = gb_bytes(data, size)};
    const struct boot_volume volumes[] = {{"hd0,gpt1", NULL}, {"hd1", "11-22"}};
    const struct boot_files files = {
        .volumes = volumes, .count = 2, .read = read_file, .context = &file};
    struct grub_module_name gettext = {.name = "gettext"};
    const struct grub_image image = {
        .prefix = "/EFI/debian", .config = file.text, .memdisk = file.text, .modules = &gettext};
    const struct grub_start start = {
        .files = &files, .image = &image, .folder = "/EFI/BOOT", .secure_boot = size % 2 == 0};
    struct predict_set build;
    struct grub_module module;
    if (grub_module_read(file.text, &module, &err) == 0 && module.name.len == 0)
        abort();
    int r = predict_set_begin(arena, digester, REF_OS, "x", &build, &err);
    if (r == 0)
        r = grub_eval(&build, &start, &err);
    for (const struct ref_event *e = r == 0 ? build.set->events : NULL; e; e = e->next)
        if (e->digest[1].len != digest_size(DIGEST_SHA256) || !e->about)
            abort();
    gb_arena_free(arena);
    return 0;
}
