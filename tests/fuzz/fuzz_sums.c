/* Aims at sums_read. */
#include <stdlib.h>

#include "base/arena.h"
#include "import_check.h"
#include "reference/import/import.h"
#include "reference/import/sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    struct import import;
    struct gb_err err;
    if (!arena)
        abort();
    import_init(&import, arena, "x", REF_NONE);
    if (sums_read(&import, gb_bytes(data, size), &err) == GB_OK)
        import_check(&import);
    import_done(&import);
    gb_arena_free(arena);
    return 0;
}
