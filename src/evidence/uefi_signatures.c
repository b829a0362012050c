#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "evidence/uefi.h"

enum { GUID_SIZE = 16, SHOWN_NAME = 80 };

/* Where signatures go while they are read; items NULL: they are only counted. */
struct sink {
    struct uefi_signature *items;
    size_t count;
};

static struct uefi_guid read_guid(struct gb_reader *r)
{
    struct uefi_guid guid = {{0}};
    struct gb_bytes b = gb_read_bytes(r, GUID_SIZE);
    if (b.len > 0)
        memcpy(guid.bytes, b.data, GUID_SIZE);
    return guid;
}

/* EFI_SIGNATURE_DATA, one after another (UEFI 2.10, 32.4.1.1). */
static void read_items(struct gb_reader *list, const struct uefi_guid *type, size_t size,
                       struct sink *sink)
{
    while (gb_reader_left(list) > 0) {
        struct uefi_guid owner = read_guid(list);
        struct gb_bytes data = gb_read_bytes(list, size - GUID_SIZE);
        if (gb_reader_ok(list) && sink->items)
            sink->items[sink->count] =
                (struct uefi_signature){.type = *type, .owner = owner, .data = data};
        sink->count += gb_reader_ok(list);
    }
}

/*
 * EFI_SIGNATURE_LIST. The header between sizes and signatures is skipped by its own size, and
 * signatures fill the rest exactly: a reader that takes either on trust sees entries that firmware
 * does not (GHSA-9r4w-jg96-92mv).
 */
static void read_list(struct gb_reader *r, struct sink *sink)
{
    const size_t fixed = GUID_SIZE + 3 * sizeof(uint32_t);
    struct uefi_guid type = read_guid(r);
    uint32_t list_size = gb_read_u32le(r);
    uint32_t header_size = gb_read_u32le(r);
    uint32_t signature_size = gb_read_u32le(r);
    if (list_size < fixed)
        gb_reader_fail(r, "signature list is smaller than its head");
    if (signature_size <= GUID_SIZE)
        gb_reader_fail(r, "signatures are smaller than an owner");
    struct gb_reader list = gb_read_sub(r, gb_reader_ok(r) ? list_size - fixed : 0);
    gb_read_bytes(&list, header_size);
    if (signature_size > 0 && gb_reader_left(&list) % signature_size != 0)
        gb_reader_fail(&list, "signatures do not fill their list");
    read_items(&list, &type, signature_size, sink);
    if (!gb_reader_ok(&list))
        gb_reader_fail(r, list.what);
}

static int read_lists(struct gb_bytes in, struct sink *sink, struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, in);
    for (size_t lists = 0; gb_reader_left(&r) > 0; lists++) {
        if (lists == GB_LIMIT_SIG_LISTS)
            gb_reader_fail(&r, "more signature lists than the ceiling");
        read_list(&r, sink);
    }
    return gb_reader_finish(&r, err);
}

int uefi_signatures_count(struct gb_bytes in, size_t *ret_count, struct gb_err *err)
{
    struct sink sink = {0};
    int r = read_lists(in, &sink, err);
    if (r == 0)
        *ret_count = sink.count;
    return r;
}

int uefi_signatures_read(struct gb_arena *arena, struct gb_bytes in,
                         struct uefi_signatures *ret_signatures, struct gb_err *err)
{
    size_t count = 0;
    int r = uefi_signatures_count(in, &count, err);
    if (r < 0)
        return r;
    struct sink sink = {.items = gb_arena_new_array(arena, struct uefi_signature, count)};
    if (!sink.items)
        return gb_err_nomem(err);
    r = read_lists(in, &sink, err);
    if (r == 0)
        *ret_signatures = (struct uefi_signatures){.items = sink.items, .count = sink.count};
    return r;
}

/* A certificate's names are SETs of (OID, string); the issuer's come before the subject's, so the
 * last common name of the first two is the subject's. */
const char *uefi_certificate_name(struct gb_arena *arena, struct gb_bytes der)
{
    static const uint8_t common_name[] = {0x06, 0x03, 0x55, 0x04, 0x03}; /* OID 2.5.4.3 */
    const struct gb_bytes oid = gb_bytes(common_name, sizeof common_name);
    struct gb_bytes name = gb_bytes(NULL, 0);
    size_t found = 0;
    for (size_t i = 0; found < 2 && i + oid.len + 2 <= der.len; i++) {
        struct gb_bytes at = gb_bytes_from(der, i);
        if (!gb_bytes_starts(at, oid))
            continue;
        size_t len = at.data[oid.len + 1];
        if (len > at.len - oid.len - 2)
            break;
        name = gb_bytes(at.data + oid.len + 2, len);
        found++;
    }
    return gb_text_escape(arena, name, SHOWN_NAME);
}
