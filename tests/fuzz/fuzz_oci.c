/* Aims at oci_read with a store in a tar: index, manifest and configuration, layers with whiteouts.
 * What digests guard is reached by docker's form, where a layer's name is no digest. */
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "reference/packages/oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    for (int all = 0; all < 2; all++) {
        struct gb_arena *arena = gb_arena_new();
        struct gb_arena *scratch = gb_arena_new();
        if (!arena || !scratch)
            abort();
        const struct package_room room = {.scratch = scratch, .digester = digester, .seed = 1};
        const struct oci_wish wish = {.platform = all ? "linux/amd64" : NULL, .all_layers = all};
        struct oci_tar tar = {.bytes = gb_bytes(data, size)};
        const struct oci_store store = oci_store_tar(&tar);
        struct file_list list = {.arena = arena};
        struct gb_err err;
        if (oci_read(&room, &store, &wish, &list, &err) == 0)
            for (const struct file_item *item = list.first; item; item = item->next)
                if (item->path.len < 2 || item->path.data[0] != '/')
                    abort();
        gb_arena_free(scratch);
        gb_arena_free(arena);
    }
    return 0;
}
