/* Aims at keylime_read and its hints, which must be YAML. */
#include <stdlib.h>

#include "base/arena.h"
#include "import_check.h"
#include "reference/import/import.h"
#include "reference/import/keylime.h"
#include "wire/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_yaml(struct gb_arena *arena, const char *text)
{
    struct yaml_node *documents = NULL;
    struct gb_err err;
    if (text && yaml_read(arena, gb_bytes_str(text), "x", &documents, &err) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    struct keylime_hints hints;
    struct import import;
    struct gb_err err;
    if (!arena)
        abort();
    import_init(&import, arena, "x", REF_NONE);
    if (keylime_read(&import, gb_bytes(data, size), &hints, &err) == GB_OK) {
        must_be_yaml(arena, hints.exceptions);
        must_be_yaml(arena, hints.signers);
        import_check(&import);
    }
    import_done(&import);
    gb_arena_free(arena);
    return 0;
}
