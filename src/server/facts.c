#include "server/facts.h"

#include "base/buf.h"
#include "base/limits.h"
#include "wire/json.h"

const char *facts_json(struct gb_arena *arena, const char *name)
{
    gb_cleanup(json_freep) struct json *json = json_new_object();
    struct gb_buf line;
    json_set(json, "name", json_text(name));
    json_set(json, "labels", json_new_object());
    gb_buf_init(&line, GB_LIMIT_ENTRY);
    json_line(json, &line);
    const char *copy = NULL;
    if (gb_buf_ok(&line))
        copy = (const char *)gb_arena_copy(arena, gb_buf_bytes(&line)).data;
    gb_buf_done(&line);
    return copy;
}
