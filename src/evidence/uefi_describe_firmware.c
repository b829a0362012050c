#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/encode.h"
#include "base/err.h"
#include "base/reader.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "evidence/uefi_describe.h"

enum { NAME_SIZE = 16, GUID_SIZE = 16 };

int uefi_describe_separator(struct gb_arena *arena, const struct boot_event *event,
                            const char **out, struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, event->data);
    uint32_t value = gb_read_u32le(&r);
    if (!gb_reader_ok(&r))
        return gb_reader_check(&r, err);
    if (value == 0 || value == UINT32_MAX)
        return uefi_describe_done("end of the firmware's part", out, err);
    if (value == 1)
        return uefi_describe_done("the firmware reports an error", out, err);
    return uefi_describe_any(arena, event, out, err);
}

/* Payloads that begin with sixteen bytes of a name (PFP 1.06, 10.4.5). */
int uefi_describe_no_action(struct gb_arena *arena, const struct boot_event *event,
                            const char **ret_text, struct gb_err *err)
{
    struct gb_bytes data = event->data;
    if (data.len < NAME_SIZE)
        return uefi_describe_any(arena, event, ret_text, err);
    if (gb_bytes_starts(data, gb_bytes("StartupLocality", NAME_SIZE)) && data.len == NAME_SIZE + 1)
        return uefi_describe_done(
            gb_arena_printf(arena, "startup locality %u", data.data[NAME_SIZE]), ret_text, err);
    if (gb_bytes_starts(data, gb_bytes_str("SP800-155 Event")) && data.len >= 36) {
        struct uefi_guid guid;
        char text[37];
        memcpy(guid.bytes, data.data + 20, GUID_SIZE); /* behind the vendor's id */
        uefi_guid_text(&guid, text);
        return uefi_describe_done(gb_arena_printf(arena, "SP800-155 reference manifest %s", text),
                                  ret_text, err);
    }
    struct gb_bytes name = uefi_describe_without_nuls(gb_bytes(data.data, NAME_SIZE));
    if (!uefi_describe_is_text(name))
        return uefi_describe_any(arena, event, ret_text, err);
    const char *shown = gb_text_escape(arena, name, NAME_SIZE);
    return uefi_describe_done(
        shown ? gb_arena_printf(arena, "%s (%zu bytes)", shown, data.len) : NULL, ret_text, err);
}

static int put_blob(struct gb_arena *arena, struct gb_reader *r, const char *name, const char **out,
                    struct gb_err *err)
{
    uint64_t base = gb_read_u64le(r);
    uint64_t length = gb_read_u64le(r);
    int ret = gb_reader_finish(r, err);
    if (ret < 0)
        return ret;
    return uefi_describe_done(
        gb_arena_printf(arena, "%s%s%lu bytes at 0x%lx", name, *name ? ": " : "", length, base),
        out, err);
}

int uefi_describe_blob(struct gb_arena *arena, const struct boot_event *event, const char **out,
                       struct gb_err *err)
{
    if (event->data.len != 16 || uefi_describe_is_text(uefi_describe_without_nuls(event->data)))
        return uefi_describe_any(arena, event, out, err);
    struct gb_reader r;
    gb_reader_init(&r, event->data);
    return put_blob(arena, &r, "", out, err);
}

static int read_counted_name(struct gb_arena *arena, struct gb_reader *r, const char **ret_name,
                             struct gb_err *err)
{
    uint8_t size = gb_read_u8(r);
    struct gb_bytes name = gb_read_bytes(r, size);
    int ret = gb_reader_check(r, err);
    return ret < 0 ? ret
                   : uefi_describe_done(gb_text_escape(arena, uefi_describe_without_nuls(name),
                                                       UEFI_DESCRIBE_SHOWN),
                                        ret_name, err);
}

int uefi_describe_blob2(struct gb_arena *arena, const struct boot_event *event, const char **out,
                        struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, event->data);
    const char *name = NULL;
    int ret = read_counted_name(arena, &r, &name, err);
    return ret < 0 ? ret : put_blob(arena, &r, name, out, err);
}

int uefi_describe_tables2(struct gb_arena *arena, const struct boot_event *event, const char **out,
                          struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, event->data);
    const char *name = NULL;
    int ret = read_counted_name(arena, &r, &name, err);
    return ret < 0 ? ret : uefi_describe_done(name, out, err);
}

int uefi_describe_tables(struct gb_arena *arena, const struct boot_event *event, const char **out,
                         struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, event->data);
    uint64_t count = gb_read_u64le(&r);
    if (count > gb_reader_left(&r) / (GUID_SIZE + 8))
        gb_reader_fail(&r, "more tables than the event holds");
    int ret = gb_reader_check(&r, err);
    if (ret < 0)
        return ret;
    return uefi_describe_done(
        gb_arena_printf(arena, "%lu configuration table%s", count, count == 1 ? "" : "s"), out,
        err);
}

int uefi_describe_version(struct gb_arena *arena, const struct boot_event *event, const char **out,
                          struct gb_err *err)
{
    struct gb_bytes data = event->data;
    if (data.len == GUID_SIZE && !uefi_describe_is_text(uefi_describe_without_nuls(data)) &&
        !uefi_describe_is_utf16(data)) {
        struct uefi_guid guid;
        char text[37];
        memcpy(guid.bytes, data.data, GUID_SIZE);
        uefi_guid_text(&guid, text);
        return uefi_describe_done(gb_arena_printf(arena, "version %s", text), out, err);
    }
    if (gb_bytes_all(data, 0))
        return uefi_describe_done("no version", out, err);
    return uefi_describe_any(arena, event, out, err);
}
