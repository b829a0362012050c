#include "cli/node/node_hint.h"

#include "base/encode.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/server_client.h"
#include "wire/json.h"

/* Who may not list nodes is told nothing more. */
static void say_nothing(void *ctx, const struct server_refusal *refusal)
{
    (void)ctx;
    (void)refusal;
}

static const char *find_nearest(struct gb_arena *arena, const struct json *nodes,
                                struct gb_bytes word)
{
    size_t count = 0;
    const char **names = gb_arena_new_array(arena, const char *, json_count(nodes) + 1);
    for (size_t i = 0; names && i < json_count(nodes); i++) {
        struct gb_bytes name;
        if (json_get_text(json_at(nodes, i), "name", &name))
            names[count++] = (const char *)name.data; /* a NUL follows it */
    }
    return count > 0 ? gb_text_nearest(word, names, count) : NULL;
}

const char *node_hint(struct gb_arena *arena, struct server_client *client, const char *path)
{
    static const char before[] = "/v1/nodes/";
    gb_cleanup(json_freep) struct json *reply = NULL;
    struct gb_bytes word = gb_bytes_str(path);
    struct gb_err err;
    if (!gb_bytes_starts(word, gb_bytes_str(before)))
        return "";
    word = gb_bytes_from(word, sizeof before - 1);
    word = gb_text_until(&word, '/');
    if (server_send(client, "GET", "/v1/nodes", NULL, gb_bytes(NULL, 0), say_nothing, NULL, &reply,
                    &err) != 0)
        return "";
    const char *near = find_nearest(arena, json_get(reply, "nodes"), word);
    const char *shown = near ? gb_text_escape(arena, gb_bytes_str(near), 200) : NULL;
    const char *hint = shown ? gb_arena_printf(arena, " (did you mean \"%s\"?)", shown) : NULL;
    return hint ? hint : "";
}
