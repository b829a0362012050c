#include "agent/extras.h"

#include <sys/utsname.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "os/file.h"
#include "wire/cbor.h"

#define DMI                                                                                        \
    "/sys/class/dmi/id/" /* world-readable: serial numbers beside them are not, and stay out */

enum { ITEMS = 8, MAX_FILE = 16 << 10, MAX_VALUE = 256 };

struct item {
    const char *key;
    struct gb_bytes value;
};

struct gb_bytes extras_os_value(struct gb_bytes text, const char *key)
{
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, text);
    while (gb_lines_next(&lines, &line)) {
        struct gb_bytes value = line;
        struct gb_bytes name = gb_text_until(&value, '=');
        if (!gb_bytes_is(name, key) || name.len == line.len)
            continue;
        if (value.len >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
            value.data[value.len - 1] == value.data[0])
            value = gb_bytes(value.data + 1, value.len - 2);
        return value;
    }
    return gb_bytes(NULL, 0);
}

static struct gb_bytes read_small(struct gb_arena *arena, const char *path)
{
    struct gb_bytes text;
    return file_read(arena, path, MAX_FILE, &text, NULL) == GB_OK ? text : gb_bytes(NULL, 0);
}

/* CBOR text must be UTF-8; what is not is no version. */
static bool is_text(struct gb_bytes value)
{
    uint32_t code = 0;
    if (value.len == 0 || value.len > MAX_VALUE)
        return false;
    for (size_t i = 0, n = 0; i < value.len; i += n) {
        n = gb_utf8_at(value, i, &code);
        if (n == 0)
            return false;
    }
    return true;
}

int extras_make(struct gb_arena *arena, struct gb_bytes *ret_extras, struct gb_err *err)
{
    struct utsname host;
    struct gb_bytes os = read_small(arena, "/etc/os-release");
    const struct item items[ITEMS] = {
        {"agent", gb_bytes_str(GARBOARD_VERSION)},
        {"kernel", uname(&host) == 0 ? gb_bytes_str(host.release) : gb_bytes(NULL, 0)},
        {"boot_id", gb_text_trim(read_small(arena, "/proc/sys/kernel/random/boot_id"))},
        {"os", extras_os_value(os, "ID")},
        {"os_version", extras_os_value(os, "VERSION_ID")},
        {"vendor", gb_text_trim(read_small(arena, DMI "sys_vendor"))},
        {"model", gb_text_trim(read_small(arena, DMI "product_name"))},
        {"firmware", gb_text_trim(read_small(arena, DMI "bios_version"))},
    };
    gb_cleanup(gb_buf_done) struct gb_buf out;
    size_t count = 0;
    gb_buf_init(&out, MAX_FILE);
    for (size_t i = 0; i < ITEMS; i++)
        count += is_text(items[i].value);
    cbor_map(&out, count);
    for (size_t i = 0; i < ITEMS; i++) {
        if (!is_text(items[i].value))
            continue;
        cbor_text(&out, gb_bytes_str(items[i].key));
        cbor_text(&out, items[i].value);
    }
    *ret_extras = gb_arena_copy(arena, gb_buf_bytes(&out));
    return gb_buf_ok(&out) && ret_extras->data ? GB_OK : gb_err_nomem(err);
}
