#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "evidence/uefi_describe.h"

enum { SHOWN = 200, NAMED_CERTIFICATES = 3 };

/* "db: 2 certificates (...), 77 hashes" */
static int put_signatures(struct gb_arena *arena, const char *name, struct gb_bytes data,
                          const char **out, struct gb_err *err)
{
    struct uefi_signatures list;
    size_t certificates = 0;
    const char *names = "";
    int r = uefi_signatures_read(arena, data, &list, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list.count && names; i++) {
        if (!uefi_guid_equal(&list.items[i].type, &UEFI_CERT_X509))
            continue;
        certificates++;
        const char *common = uefi_certificate_name(arena, list.items[i].data);
        if (!common)
            return gb_err_nomem(err);
        if (certificates <= NAMED_CERTIFICATES && *common)
            names = gb_arena_printf(arena, "%s%s%s", names, *names ? ", " : "", common);
    }
    if (!names)
        return gb_err_nomem(err);
    if (certificates > NAMED_CERTIFICATES)
        names = gb_arena_printf(arena, "%s, ...", names);
    if (list.count == 0 || !names)
        return uefi_describe_done(names ? gb_arena_printf(arena, "%s: empty", name) : NULL, out,
                                  err);
    size_t hashes = list.count - certificates;
    const char *text =
        gb_arena_printf(arena, "%s: %zu certificate%s%s%s%s, %zu hash%s", name, certificates,
                        certificates == 1 ? "" : "s", *names ? " (" : "", names, *names ? ")" : "",
                        hashes, hashes == 1 ? "" : "es");
    return uefi_describe_done(text, out, err);
}

/* BootOrder: numbers of Boot#### variables. */
static int put_order(struct gb_arena *arena, const char *name, struct gb_bytes data,
                     const char **out, struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, data);
    const char *text = gb_arena_printf(arena, "%s:", name);
    for (size_t n = 0; text && gb_reader_left(&r) > 0; n++) {
        unsigned number = gb_read_u16le(&r);
        if (n < 16)
            text = gb_arena_printf(arena, "%s %04x", text, number);
    }
    int ret = gb_reader_check(&r, err);
    return ret < 0 ? ret : uefi_describe_done(text, out, err);
}

/* EFI_LOAD_OPTION (UEFI 2.10, 3.1.3): attributes, path length, description, path, optional data. */
static int put_option(struct gb_arena *arena, const char *name, struct gb_bytes data,
                      const char **out, struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, data);
    gb_read_u32le(&r);
    uint16_t path_size = gb_read_u16le(&r);
    size_t from = r.at;
    while (gb_read_u16le(&r) != 0)
        ;
    struct gb_bytes title = gb_bytes(data.data + from, r.at - from);
    struct gb_bytes path = gb_read_bytes(&r, path_size);
    int ret = gb_reader_check(&r, err);
    if (ret < 0)
        return ret;
    const char *where = "";
    ret = uefi_device_path_text(arena, path, &where, err);
    if (ret < 0)
        return ret;
    struct gb_bytes utf8 = gb_utf16_decode(arena, title);
    const char *shown = utf8.data ? gb_text_escape(arena, utf8, SHOWN) : NULL;
    return uefi_describe_done(
        shown ? gb_arena_printf(arena, "%s: %s, %s", name, shown, where) : NULL, out, err);
}

static bool is_boot_option(const char *name)
{
    return strlen(name) == 8 && memcmp(name, "Boot", 4) == 0 &&
           strspn(name + 4, "0123456789ABCDEFabcdef") == 4;
}

/* One byte that switches something: SecureBoot, SetupMode, AuditMode, DeployedMode. */
static int put_other(struct gb_arena *arena, const char *name, struct gb_bytes data,
                     const char **out, struct gb_err *err)
{
    if (data.len == 0)
        return uefi_describe_done(gb_arena_printf(arena, "%s: not set", name), out, err);
    if (data.len == 1)
        return uefi_describe_done(gb_arena_printf(arena, "%s = %u", name, data.data[0]), out, err);
    return uefi_describe_done(gb_arena_printf(arena, "%s: %zu bytes", name, data.len), out, err);
}

/* SbatLevel is text: "sbat,1,2022052400" and lines of components (shim's SBAT.md). */
static int put_text(struct gb_arena *arena, const char *name, struct gb_bytes data,
                    const char **out, struct gb_err *err)
{
    struct gb_bytes line = data;
    const uint8_t *end = data.len > 0 ? memchr(data.data, '\n', data.len) : NULL;
    if (end)
        line.len = (size_t)(end - data.data);
    const char *text = gb_text_escape(arena, line, SHOWN);
    return uefi_describe_done(text ? gb_arena_printf(arena, "%s: %s", name, text) : NULL, out, err);
}

int uefi_describe_variable(struct gb_arena *arena, const struct boot_event *event,
                           const char **ret_text, struct gb_err *err)
{
    struct uefi_variable variable;
    int r = uefi_variable_read(arena, event->data, &variable, err);
    if (r < 0)
        return r;
    const char *name = gb_text_escape(arena, gb_bytes_str(variable.name), SHOWN);
    if (!name)
        return gb_err_nomem(err);
    if (uefi_variable_holds_signatures(&variable) && event->type == EV_EFI_VARIABLE_DRIVER_CONFIG)
        return put_signatures(arena, name, variable.data, ret_text, err);
    if (uefi_variable_is(&variable, &UEFI_GLOBAL_VARIABLE, "BootOrder"))
        return put_order(arena, name, variable.data, ret_text, err);
    if (is_boot_option(variable.name) && variable.data.len > 0)
        return put_option(arena, name, variable.data, ret_text, err);
    if (uefi_variable_is(&variable, &UEFI_SHIM_LOCK, "SbatLevel"))
        return put_text(arena, name, variable.data, ret_text, err);
    return put_other(arena, name, variable.data, ret_text, err);
}

int uefi_describe_authority(struct gb_arena *arena, const struct boot_event *event,
                            const char **ret_text, struct gb_err *err)
{
    struct uefi_variable variable;
    int r = uefi_variable_read(arena, event->data, &variable, err);
    if (r < 0)
        return r;
    const char *common = uefi_certificate_name(arena, variable.data);
    if (!common)
        return gb_err_nomem(err);
    if (!*common)
        return uefi_describe_variable(arena, event, ret_text, err);
    const char *name = gb_text_escape(arena, gb_bytes_str(variable.name), SHOWN);
    return uefi_describe_done(
        name ? gb_arena_printf(arena, "%s: certificate %s", name, common) : NULL, ret_text, err);
}
