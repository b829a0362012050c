#include "cli/watch.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/output.h"

/* FNV-1a: only to see a difference; nobody gains by hiding one from himself. */
static uint64_t hash(const char *text)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return value;
}

void watch_done(struct watch *watch)
{
    gb_free(watch->seen);
    *watch = (struct watch){0};
}

static struct watch_seen *find(struct watch *watch, uint64_t name)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->seen[i].name == name)
            return &watch->seen[i];
    return NULL;
}

static bool grow(struct watch *watch)
{
    if (watch->count < watch->cap)
        return true;
    size_t cap = watch->cap == 0 ? 64 : watch->cap * 2;
    struct watch_seen *seen = gb_realloc(watch->seen, cap, sizeof *seen);
    if (!seen)
        return false;
    watch->seen = seen;
    watch->cap = cap;
    return true;
}

bool watch_changed(struct watch *watch, const char *name, const char *state)
{
    struct watch_seen *seen = find(watch, hash(name));
    if (seen) {
        bool changed = seen->state != hash(state);
        seen->state = hash(state);
        return changed;
    }
    if (grow(watch))
        watch->seen[watch->count++] = (struct watch_seen){hash(name), hash(state)};
    return true;
}

int watch_run(struct watch *watch,
              int (*step)(void *ctx, struct gb_arena *arena, struct gb_err *err), void *ctx,
              struct gb_err *err)
{
    const struct timespec pause = {.tv_sec = WATCH_PAUSE_S};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    for (;;) {
        int r = step(ctx, arena, err);
        if (r != 0 && r != GB_ERR_IO)
            return r;
        if (r == GB_ERR_IO && !watch->away)
            output_error(err);
        watch->away = r == GB_ERR_IO;
        gb_arena_reset(arena);
        nanosleep(&pause, NULL);
    }
}
