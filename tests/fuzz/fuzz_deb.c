/* Aims at deb_read: ar, the tars within, control files, file_tree; and at file_list_set. */
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "reference/packages/deb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    struct gb_arena *arena = gb_arena_new();
    struct gb_arena *scratch = gb_arena_new();
    if (!arena || !scratch)
        abort();
    const struct package_room room = {.scratch = scratch, .digester = digester, .seed = 1};
    struct file_list list = {.arena = arena};
    struct package package;
    struct ref_set *set = NULL;
    struct gb_err err;
    if (deb_read(&room, gb_bytes(data, size), &package, &list, &err) == 0) {
        if (package.name.len == 0 || package.version.len == 0)
            abort();
        for (const struct file_item *item = list.first; item; item = item->next)
            if (item->path.len < 2 || item->path.data[0] != '/')
                abort();
        if (file_list_set(arena, &list, "x", &set, &err) == 0 && !set)
            abort();
    }
    gb_arena_free(scratch);
    gb_arena_free(arena);
    return 0;
}
