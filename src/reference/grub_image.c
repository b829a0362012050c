#include "reference/grub_image.h"

#include <string.h>

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "reference/pe.h"

/* enum of include/grub/kernel.h. */
enum { OBJECT_MEMDISK = 1, OBJECT_CONFIG = 2, OBJECT_PREFIX = 3 };

/* Text with zeros behind it. */
static struct gb_bytes until_nul(struct gb_bytes in)
{
    const uint8_t *nul = in.len > 0 ? memchr(in.data, 0, in.len) : NULL;
    return nul ? gb_bytes(in.data, (size_t)(nul - in.data)) : in;
}

/* What a FAT12 or FAT16 file system's first sector says of where things lie, in bytes. */
struct fat {
    struct gb_bytes disk;
    size_t root_at;
    size_t root_entries;
    size_t data_at;
    size_t cluster;
};

static int read_fat(struct gb_bytes disk, struct fat *ret_fat, struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, disk);
    gb_read_bytes(&r, 11);
    size_t sector = gb_read_u16le(&r);
    size_t per_cluster = gb_read_u8(&r);
    size_t reserved = gb_read_u16le(&r);
    size_t tables = gb_read_u8(&r);
    size_t entries = gb_read_u16le(&r);
    gb_read_bytes(&r, 3);
    size_t table = gb_read_u16le(&r);
    int result = gb_reader_check(&r, err);
    if (result < 0)
        return result;
    if (sector == 0 || per_cluster == 0 || table == 0)
        return gb_err_set(err, GB_ERR_CONFIG, "GRUB's memdisk is no FAT file system");
    *ret_fat = (struct fat){.disk = disk,
                            .root_at = (reserved + tables * table) * sector,
                            .root_entries = entries,
                            .cluster = per_cluster * sector};
    ret_fat->data_at = ret_fat->root_at + entries * 32;
    return GB_OK;
}

/* A file of the root folder that lies in one cluster, or in several that follow each other as
 * mtools writes them. */
static int read_file(const struct fat *fat, const char *name, struct gb_bytes *ret_file,
                     struct gb_err *err)
{
    enum { ENTRY = 32, NAME = 11, FIRST_CLUSTER = 2 };
    for (size_t i = 0; i < fat->root_entries; i++) {
        size_t at = fat->root_at + i * ENTRY;
        if (at > fat->disk.len || fat->disk.len - at < ENTRY)
            break;
        struct gb_reader r;
        gb_reader_init(&r, gb_bytes(fat->disk.data + at, ENTRY));
        struct gb_bytes own = gb_read_bytes(&r, NAME);
        gb_read_bytes(&r, 15);
        size_t cluster = gb_read_u16le(&r);
        size_t size = gb_read_u32le(&r);
        if (!gb_bytes_is(own, name))
            continue;
        size_t from = fat->data_at + (cluster - FIRST_CLUSTER) * fat->cluster;
        if (cluster < FIRST_CLUSTER || from > fat->disk.len || size > fat->disk.len - from ||
            size > fat->cluster)
            break;
        *ret_file = gb_bytes(fat->disk.data + from, size);
        return GB_OK;
    }
    return gb_err_set(err, GB_ERR_CONFIG, "GRUB's memdisk holds no small grub.cfg");
}

struct objects {
    struct gb_bytes memdisk;
    struct gb_bytes config;
    struct gb_bytes prefix;
};

/* Objects follow each other: type, size with this head, contents. */
static int read_objects(struct gb_bytes mods, struct objects *ret, struct gb_err *err)
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
    while (gb_reader_left(&r) > 0) {
        uint32_t type = gb_read_u32le(&r);
        uint32_t length = gb_read_u32le(&r);
        struct gb_bytes body = gb_read_bytes(&r, length < 8 ? SIZE_MAX : length - 8);
        if (type == OBJECT_MEMDISK)
            found.memdisk = body;
        if (type == OBJECT_CONFIG)
            found.config = until_nul(body);
        if (type == OBJECT_PREFIX)
            found.prefix = until_nul(body);
    }
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
    struct fat fat = {0};
    struct gb_bytes config = {0};
    if (!section)
        return gb_err_set(err, GB_ERR_CONFIG, "not GRUB (no section \"mods\")");
    int r = read_objects(section->raw, &objects, err);
    if (r < 0)
        return r;
    if (!gb_bytes_is(gb_text_trim(objects.config), "normal (memdisk)/grub.cfg") ||
        objects.prefix.len == 0 || objects.prefix.data[0] != '/')
        return gb_err_set(err, GB_ERR_CONFIG,
                          "this GRUB starts in another way than Debian's; capture a boot instead");
    r = read_fat(objects.memdisk, &fat, err);
    if (r == 0)
        r = read_file(&fat, "GRUB    CFG", &config, err);
    if (r < 0)
        return r;
    struct gb_bytes prefix = gb_arena_copy(arena, objects.prefix);
    if (!prefix.data)
        return gb_err_nomem(err);
    *ret_image = (struct grub_image){.prefix = (const char *)prefix.data, .config = config};
    return GB_OK;
}
