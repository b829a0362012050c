/* Aims at secure_boot_auth, secure_boot_efivarfs, secure_boot_add and, over the same bytes as an
 * image, at shim_read, grub_image_read and the search for who issued a signature. */
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/boot/grub_image.h"
#include "reference/boot/pe.h"
#include "reference/boot/secure_boot.h"
#include "reference/boot/shim.h"
#include "reference/predict_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

static void try_variables(struct predict_set *build, struct gb_bytes in, struct gb_err *err)
{
    struct secure_boot variables = {.on = true, .pk = in, .kek = in, .db = in, .dbx = in};
    struct gb_bytes inner;
    if (secure_boot_auth(in, &inner, err) == 0)
        variables.db = inner;
    if (secure_boot_efivarfs(in, &inner, err) == 0)
        variables.dbx = inner;
    if (secure_boot_add(build, &variables, err) < 0)
        return;
    struct pe_image image = {.file = in, .certificates_size = in.len};
    struct gb_bytes last = {0};
    if (secure_boot_add_authority(build, &variables, &image, &last, err) == 0 && !last.data)
        abort();
}

static void try_image(struct gb_arena *arena, struct predict_set *build, struct gb_bytes in,
                      struct gb_err *err)
{
    struct pe_image image;
    struct shim shim;
    struct grub_image grub;
    if (pe_read(arena, in, &image, err) < 0)
        return;
    if (shim_read(&image, &shim, err) == 0 && shim.certificate.data &&
        shim_add(build, &shim, &image, image.file, err) == 0 &&
        !secure_boot_signed_by(&image, shim.certificate))
        abort();
    if (grub_image_read(arena, &image, &grub, err) == 0 && grub.prefix[0] != '/')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    struct gb_arena *arena = gb_arena_new();
    struct gb_err err;
    struct predict_set build;
    if (!arena || predict_set_begin(arena, digester, REF_PLATFORM, "x", &build, &err) < 0)
        abort();
    try_variables(&build, gb_bytes(data, size), &err);
    try_image(arena, &build, gb_bytes(data, size), &err);
    gb_arena_free(arena);
    return 0;
}
