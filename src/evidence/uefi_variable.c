#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "evidence/uefi.h"

/* sizeof(UEFI_VARIABLE_DATA) counts a first character, a first byte and padding that shim up to
 * version 15 added to what it wrote, but did not need. */
enum { SHIM_TAIL = 6 };

int uefi_variable_split(struct gb_bytes in, struct uefi_variable *ret_variable, struct gb_err *err)
{
    struct uefi_variable variable = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    struct gb_bytes guid = gb_read_bytes(&r, sizeof variable.guid.bytes);
    uint64_t name_chars = gb_read_u64le(&r);
    uint64_t data_size = gb_read_u64le(&r);
    if (name_chars > GB_LIMIT_UEFI_NAME)
        gb_reader_fail(&r, "variable name is above the ceiling");
    variable.name_utf16 = gb_read_bytes(&r, gb_reader_ok(&r) ? 2 * (size_t)name_chars : 0);
    if (data_size > gb_reader_left(&r))
        gb_reader_fail(&r, "variable data end early");
    variable.data = gb_read_bytes(&r, gb_reader_ok(&r) ? (size_t)data_size : 0);
    if (gb_reader_left(&r) == SHIM_TAIL)
        variable.tail = gb_read_bytes(&r, SHIM_TAIL);
    int ret = gb_reader_finish(&r, err);
    if (ret < 0)
        return ret;
    if (guid.len > 0)
        memcpy(variable.guid.bytes, guid.data, sizeof variable.guid.bytes);
    *ret_variable = variable;
    return GB_OK;
}

int uefi_variable_read(struct gb_arena *arena, struct gb_bytes in,
                       struct uefi_variable *ret_variable, struct gb_err *err)
{
    struct uefi_variable variable;
    int r = uefi_variable_split(in, &variable, err);
    if (r < 0)
        return r;
    variable.name = (const char *)gb_utf16_decode(arena, variable.name_utf16).data;
    if (!variable.name)
        return gb_err_nomem(err);
    *ret_variable = variable;
    return GB_OK;
}

static bool utf16_is(struct gb_bytes utf16, const char *ascii)
{
    size_t len = strlen(ascii);
    if (utf16.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (utf16.data[2 * i] != (uint8_t)ascii[i] || utf16.data[2 * i + 1] != 0)
            return false;
    return true;
}

bool uefi_variable_is(const struct uefi_variable *variable, const struct uefi_guid *guid,
                      const char *name)
{
    return uefi_guid_equal(&variable->guid, guid) && utf16_is(variable->name_utf16, name);
}

bool uefi_variable_holds_signatures(const struct uefi_variable *variable)
{
    static const struct {
        const struct uefi_guid *guid;
        const char *name;
    } lists[] = {
        {&UEFI_GLOBAL_VARIABLE, "PK"},    {&UEFI_GLOBAL_VARIABLE, "KEK"},
        {&UEFI_IMAGE_SECURITY_DB, "db"},  {&UEFI_IMAGE_SECURITY_DB, "dbx"},
        {&UEFI_IMAGE_SECURITY_DB, "dbt"}, {&UEFI_IMAGE_SECURITY_DB, "dbr"},
        {&UEFI_SHIM_LOCK, "MokList"},     {&UEFI_SHIM_LOCK, "MokListX"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(lists); i++)
        if (uefi_variable_is(variable, lists[i].guid, lists[i].name))
            return true;
    return false;
}
