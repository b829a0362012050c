/* Aims at loader_entry_read and loader_default_read. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "reference/boot/loader_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    struct gb_err err;
    struct loader_entry entry;
    const char *name = NULL;
    if (loader_entry_read(arena, gb_bytes(data, size), &entry, &err) == 0 &&
        (entry.kernel[0] != '/' || !entry.options || strlen(entry.options) > size))
        abort();
    if (loader_default_read(arena, gb_bytes(data, size), &name, &err) == 0 && strchr(name, '/'))
        abort();
    gb_arena_free(arena);
    return 0;
}
