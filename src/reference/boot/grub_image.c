#include "reference/boot/grub_image.h"

#include <string.h>

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "reference/boot/grub_memdisk.h"
#include "reference/boot/grub_module.h"
#include "reference/boot/pe.h"

/* enum of include/grub/kernel.h. */
enum { OBJECT_ELF = 0, OBJECT_MEMDISK = 1, OBJECT_CONFIG = 2, OBJECT_PREFIX = 3 };

/* Text with zeros behind it. */
static struct gb_bytes until_nul(struct gb_bytes in)
{
    const uint8_t *nul = in.len > 0 ? memchr(in.data, 0, in.len) : NULL;
    return nul ? gb_bytes(in.data, (size_t)(nul - in.data)) : in;
}

struct objects {
    struct gb_bytes memdisk;
    struct gb_bytes config;
    struct gb_bytes prefix;
    struct grub_module_name *modules;
};

static int add_module(struct gb_arena *arena, struct gb_bytes file, struct objects *objects,
                      struct gb_err *err)
{
    struct grub_module module;
    int r = grub_module_read(file, &module, err);
    if (r < 0)
        return r;
    struct gb_bytes name = gb_arena_copy(arena, module.name);
    struct grub_module_name *kept = gb_arena_new_one(arena, struct grub_module_name);
    if (!name.data || !kept)
        return gb_err_nomem(err);
    *kept = (struct grub_module_name){.next = objects->modules, .name = (const char *)name.data};
    objects->modules = kept;
    return GB_OK;
}

/* Objects follow each other: type, size with this head, contents. */
static int read_objects(struct gb_arena *arena, struct gb_bytes mods, struct objects *ret,
                        struct gb_err *err)
{
    enum { HEAD = 24, MAGIC = 0x676d696d };
    struct objects found = {{0}};
    struct gb_reader r;
    gb_reader_init(&r, mods);
    uint32_t magic = gb_read_u32le(&r);
    gb_read_u32le(&r);
    uint64_t offset = gb_read_u64le(&r);
    uint64_t size = gb_read_u64le(&r);
    int result = gb_reader_check(&r, err);
    if (result < 0)
        return result;
    if (magic != MAGIC || offset != HEAD || size > mods.len || size < HEAD)
        return gb_err_set(err, GB_ERR_CONFIG, "not an image of GRUB for x86_64");
    gb_reader_init(&r, gb_bytes(mods.data + HEAD, (size_t)size - HEAD));
    while (result == 0 && gb_reader_left(&r) > 0) {
        uint32_t type = gb_read_u32le(&r);
        uint32_t length = gb_read_u32le(&r);
        struct gb_bytes body = gb_read_bytes(&r, length < 8 ? SIZE_MAX : length - 8);
        if (type == OBJECT_MEMDISK)
            found.memdisk = body;
        if (type == OBJECT_CONFIG)
            found.config = until_nul(body);
        if (type == OBJECT_PREFIX)
            found.prefix = until_nul(body);
        if (type == OBJECT_ELF && gb_reader_ok(&r))
            result = add_module(arena, body, &found, err);
    }
    if (result == 0)
        result = gb_reader_check(&r, err);
    if (result == 0)
        *ret = found;
    return result;
}

int grub_image_read(struct gb_arena *arena, const struct pe_image *image,
                    struct grub_image *ret_image, struct gb_err *err)
{
    const struct pe_section *section = pe_find(image, "mods");
    struct objects objects = {{0}};
    struct gb_bytes config = {0};
    if (!section)
        return gb_err_set(err, GB_ERR_CONFIG, "not GRUB (no section \"mods\")");
    int r = read_objects(arena, section->raw, &objects, err);
    if (r < 0)
        return r;
    if (!gb_bytes_is(gb_text_trim(objects.config), "normal (memdisk)/grub.cfg") ||
        objects.prefix.len == 0 || objects.prefix.data[0] != '/')
        return gb_err_set(err, GB_ERR_CONFIG,
                          "this GRUB starts in another way than Debian's; capture a boot instead");
    if (!grub_memdisk_find(objects.memdisk, NULL, "grub.cfg", &config))
        return gb_err_set(err, GB_ERR_CONFIG, "GRUB's memdisk holds no grub.cfg");
    struct gb_bytes prefix = gb_arena_copy(arena, objects.prefix);
    if (!prefix.data)
        return gb_err_nomem(err);
    *ret_image = (struct grub_image){.prefix = (const char *)prefix.data,
                                     .config = config,
                                     .memdisk = objects.memdisk,
                                     .modules = objects.modules};
    return GB_OK;
}
