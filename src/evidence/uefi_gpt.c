#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "evidence/uefi.h"

enum {
    HEADER_SIZE = 92, /* EFI_PARTITION_TABLE_HEADER without its reserved rest (UEFI 2.10, 5.3.2) */
    ENTRY_SIZE = 128, /* EFI_PARTITION_ENTRY (5.3.3) */
    NAME_SIZE = 72,
};

static void read_guid(struct gb_reader *r, struct uefi_guid *ret_guid)
{
    struct gb_bytes b = gb_read_bytes(r, sizeof ret_guid->bytes);
    if (b.len > 0)
        memcpy(ret_guid->bytes, b.data, sizeof ret_guid->bytes);
}

static int read_partition(struct gb_arena *arena, struct gb_reader *r,
                          struct uefi_partition *partition, struct gb_err *err)
{
    read_guid(r, &partition->type);
    read_guid(r, &partition->unique);
    partition->first_lba = gb_read_u64le(r);
    partition->last_lba = gb_read_u64le(r);
    gb_read_u64le(r); /* attributes */
    struct gb_bytes utf16 = gb_read_bytes(r, NAME_SIZE);
    struct gb_bytes name = gb_utf16_decode(arena, utf16);
    if (!name.data)
        return gb_err_nomem(err);
    partition->name = gb_text_escape(arena, name, NAME_SIZE);
    return partition->name ? GB_OK : gb_err_nomem(err);
}

static void read_head(struct gb_reader *r, struct uefi_gpt *gpt, uint64_t *ret_count)
{
    struct gb_bytes magic = gb_read_bytes(r, 8);
    if (gb_reader_ok(r) && !gb_bytes_is(magic, "EFI PART"))
        gb_reader_fail(r, "no \"EFI PART\" at the start");
    gb_read_bytes(r, 56 - 8); /* revision to last usable LBA */
    read_guid(r, &gpt->disk);
    gb_read_bytes(r, 8 + 4); /* where and how many the table holds; the event has those in use */
    uint32_t entry_size = gb_read_u32le(r);
    gb_read_bytes(r, HEADER_SIZE - 88); /* checksum */
    if (gb_reader_ok(r) && entry_size != ENTRY_SIZE)
        gb_reader_fail(r, "partition entries are not of 128 bytes");
    *ret_count = gb_read_u64le(r);
    if (*ret_count > GB_LIMIT_GPT_ENTRIES || *ret_count > gb_reader_left(r) / ENTRY_SIZE)
        gb_reader_fail(r, "more partitions than the event holds");
}

/* UEFI_GPT_DATA (PFP 1.06, 10.2.5): header, count, the entries in use. */
int uefi_gpt_read(struct gb_arena *arena, struct gb_bytes in, struct uefi_gpt *ret_gpt,
                  struct gb_err *err)
{
    struct uefi_gpt gpt = {0};
    uint64_t count = 0;
    struct gb_reader r;
    gb_reader_init(&r, in);
    read_head(&r, &gpt, &count);
    int ret = gb_reader_check(&r, err);
    if (ret < 0)
        return ret;
    gpt.count = (size_t)count;
    gpt.partitions = gb_arena_new_array(arena, struct uefi_partition, gpt.count);
    if (!gpt.partitions)
        return gb_err_nomem(err);
    for (size_t i = 0; i < gpt.count; i++) {
        ret = read_partition(arena, &r, &gpt.partitions[i], err);
        if (ret < 0)
            return ret;
    }
    ret = gb_reader_finish(&r, err);
    if (ret == 0)
        *ret_gpt = gpt;
    return ret;
}
