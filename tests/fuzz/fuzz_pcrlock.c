/* Aims at pcrlock_read: the input is cut into files at each form feed; every other one is a variant
 * of the component before it. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "import_check.h"
#include "reference/import/import.h"
#include "reference/import/pcrlock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 6 };

static struct digester *digester;

static size_t cut(struct gb_bytes in, struct pcrlock_file files[MOST])
{
    static const char *const names[MOST] = {"240-firmware", "650-kernel",  "650-kernel",
                                            "650-kernel",   "710-cmdline", "820-machine-id"};
    static const char *const variants[MOST] = {NULL, "a", "b", "c", NULL, NULL};
    size_t count = 0;
    while (count < MOST && in.len > 0) {
        files[count] = (struct pcrlock_file){names[count], variants[count], {NULL, 0}};
        files[count++].bytes = gb_text_until(&in, '\f');
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    struct pcrlock_file files[MOST];
    struct import import;
    struct gb_err err;
    if (!arena || (!digester && digester_new(&digester, NULL) < 0))
        abort();
    size_t count = cut(gb_bytes(data, size), files);
    import_init(&import, arena, "x", REF_NONE);
    if (count > 0 && pcrlock_read(&import, digester, files, count, &err) == GB_OK)
        import_check(&import);
    import_done(&import);
    gb_arena_free(arena);
    return 0;
}
