#include "reference/boot/grub_memdisk.h"

#include <string.h>

#include "base/reader.h"

enum { ENTRY = 32, SHORT_NAME = 11, FIRST_CLUSTER = 2 };

/* What its first sector says of where things lie, in bytes. */
struct fat {
    struct gb_bytes disk;
    struct gb_bytes root; /* entries of the root folder */
    size_t data_at;
    size_t cluster;
};

static struct gb_bytes part(struct gb_bytes in, size_t at, size_t len)
{
    if (at > in.len || len > in.len - at)
        return gb_bytes(NULL, 0);
    return gb_bytes(in.data + at, len);
}

static bool read_fat(struct gb_bytes disk, struct fat *ret_fat)
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
    if (!gb_reader_ok(&r) || sector == 0 || per_cluster == 0 || table == 0)
        return false;
    size_t root_at = (reserved + tables * table) * sector;
    *ret_fat = (struct fat){.disk = disk,
                            .root = part(disk, root_at, entries * ENTRY),
                            .data_at = root_at + entries * ENTRY,
                            .cluster = per_cluster * sector};
    return ret_fat->root.data;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* "grub.cfg" as an entry has it: "GRUB    CFG". */
static bool short_name(const char *name, char ret_name[SHORT_NAME])
{
    enum { BASE = 8 };
    size_t base = strcspn(name, ".");
    const char *end = name[base] ? name + base + 1 : "";
    if (base == 0 || base > BASE || strlen(end) > SHORT_NAME - BASE)
        return false;
    memset(ret_name, ' ', SHORT_NAME);
    for (size_t i = 0; i < base; i++)
        ret_name[i] = upper(name[i]);
    for (size_t i = 0; end[i]; i++)
        ret_name[BASE + i] = upper(end[i]);
    return true;
}

/* The clusters of the entry with this name, and its size; they are taken to follow each other. */
static struct gb_bytes find(const struct fat *fat, struct gb_bytes folder, const char *name,
                            size_t *ret_size)
{
    char wanted[SHORT_NAME];
    if (!short_name(name, wanted))
        return gb_bytes(NULL, 0);
    for (size_t at = 0; at + ENTRY <= folder.len; at += ENTRY) {
        struct gb_reader r;
        gb_reader_init(&r, gb_bytes(folder.data + at, ENTRY));
        struct gb_bytes own = gb_read_bytes(&r, SHORT_NAME);
        gb_read_bytes(&r, 15);
        size_t cluster = gb_read_u16le(&r);
        *ret_size = gb_read_u32le(&r);
        if (!gb_bytes_equal(own, gb_bytes(wanted, SHORT_NAME)))
            continue;
        size_t from = fat->data_at + (cluster - FIRST_CLUSTER) * fat->cluster;
        if (cluster < FIRST_CLUSTER || from > fat->disk.len)
            break;
        return gb_bytes_from(fat->disk, from);
    }
    return gb_bytes(NULL, 0);
}

bool grub_memdisk_find(struct gb_bytes disk, const char *folder, const char *name,
                       struct gb_bytes *ret_file)
{
    struct fat fat;
    size_t size = 0;
    if (!disk.data || !read_fat(disk, &fat))
        return false;
    struct gb_bytes within = fat.root;
    if (folder) {
        within = find(&fat, fat.root, folder, &size);
        within.len = within.len > fat.cluster ? fat.cluster : within.len;
    }
    struct gb_bytes found = within.data ? find(&fat, within, name, &size) : within;
    if (!found.data)
        return false;
    *ret_file = part(found, 0, size);
    return ret_file->data;
}
