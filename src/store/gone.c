#include "store/gone.h"

#include "base/bytes.h"
#include "store/kept_put.h"
#include "store/reading.h"

int gone_note(struct gone *gone, const char *file, struct gb_err *err)
{
    if (!gone->arena)
        gone->arena = gb_arena_new();
    if (!gone->arena)
        return gb_err_nomem(err);
    const char **files = reading_grow(gone->arena, gone->files, gone->count, sizeof *gone->files);
    const char *copy = (const char *)gb_arena_copy(gone->arena, gb_bytes_str(file)).data;
    if (!files || !copy)
        return gb_err_nomem(err);
    gone->files = files;
    gone->files[gone->count++] = copy;
    return GB_OK;
}

void gone_back(struct gone *gone, size_t count)
{
    gone->count = count;
}

void gone_end(struct gone *gone, const struct store *store, bool durable)
{
    for (size_t i = 0; durable && i < gone->count; i++)
        kept_unlink(store, gone->files[i]);
    gb_arena_free(gone->arena);
    *gone = (struct gone){0};
}
