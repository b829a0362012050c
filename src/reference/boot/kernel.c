#include "reference/boot/kernel.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/encode.h"
#include "base/reader.h"
#include "base/text.h"

/* Documentation/arch/x86/boot.rst: "HdrS" at 0x202, and at 0x20e the place of "6.1.0-49-amd64
 * (...)" less 0x200. */
static struct gb_bytes version(struct gb_bytes image)
{
    enum { MAGIC_AT = 0x202, VERSION_AT = 0x20e, VERSION_BASE = 0x200, MOST = 64 };
    struct gb_bytes none = {0};
    if (image.len < VERSION_AT + 2 ||
        !gb_bytes_starts(gb_bytes_from(image, MAGIC_AT), gb_bytes_str("HdrS")))
        return none;
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes_from(image, VERSION_AT));
    size_t offset = gb_read_u16le(&r);
    if (offset == 0 || offset + VERSION_BASE >= image.len)
        return none;
    struct gb_bytes text = gb_bytes_from(image, offset + VERSION_BASE);
    if (text.len > MOST)
        text.len = MOST;
    return text;
}

int kernel_check(struct gb_bytes image, struct gb_err *err)
{
    enum { FIRST_MAJOR = 6, FIRST_MINOR = 1, MOST = 999 };
    struct gb_bytes rest = version(image);
    if (rest.len == 0)
        return GB_OK;
    uint64_t major = 0;
    uint64_t minor = 0;
    struct gb_bytes word = gb_text_until(&rest, '.');
    size_t digits = 0;
    while (digits < rest.len && rest.data[digits] >= '0' && rest.data[digits] <= '9')
        digits++;
    if (!gb_text_u64(word, MOST, &major) || !gb_text_u64(gb_bytes(rest.data, digits), MOST, &minor))
        return gb_err_set(err, GB_ERR_CONFIG, "the kernel's release cannot be read");
    if (major < FIRST_MAJOR || (major == FIRST_MAJOR && minor < FIRST_MINOR))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "what the EFI stub of Linux %u.%u measures is not known here (6.1 and "
                          "later is); capture a boot of it instead",
                          (unsigned)major, (unsigned)minor);
    return GB_OK;
}

int kernel_release(struct gb_arena *arena, struct gb_bytes image, const char **ret_release,
                   struct gb_err *err)
{
    enum { MOST = 64 };
    struct gb_bytes rest = version(image);
    struct gb_bytes word = gb_text_word(&rest);
    *ret_release = NULL;
    if (word.len == 0)
        return GB_OK;
    *ret_release = gb_text_escape(arena, word, MOST);
    return *ret_release ? GB_OK : gb_err_nomem(err);
}
