#include "cli/documents/rollout.h"

#include <string.h>

#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

enum { NAMED = 5 }; /* nodes that are named; the others are counted */

static struct rollout_set *set_of(struct gb_arena *arena, struct rollout *rollout,
                                  const struct json *item)
{
    const char *name = reply_text(arena, item, "name");
    struct rollout_set **at = &rollout->sets;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    if (!*at)
        *at = gb_arena_new_one(arena, struct rollout_set);
    if (*at && !(*at)->name) {
        (*at)->name = name;
        (*at)->names = "";
        (*at)->cls = reply_text(arena, item, "class");
        (*at)->life = reply_text(arena, item, "life");
        json_get_number(item, "version", &(*at)->version);
    }
    return *at;
}

static bool add_match(struct gb_arena *arena, struct rollout *rollout, const struct json *node,
                      const struct json *item)
{
    struct rollout_set *set = set_of(arena, rollout, item);
    bool needed = false;
    if (!set)
        return false;
    set->matched++;
    set->stale += !reply_is(node, "liveness", "fresh");
    if (!json_get_bool(item, "needed", &needed) || !needed || !reply_is(node, "verdict", "trusted"))
        return true;
    if (set->rest++ < NAMED)
        set->names = gb_arena_printf(arena, "%s%s%s", set->names, *set->names ? ", " : "",
                                     reply_text(arena, node, "name"));
    return set->names != NULL;
}

static bool add_node(struct gb_arena *arena, struct rollout *rollout, const struct json *node)
{
    const struct json *sets = json_get(node, "sets");
    bool ok = true;
    rollout->nodes++;
    rollout->trusted += reply_is(node, "verdict", "trusted");
    rollout->stale += !reply_is(node, "liveness", "fresh");
    rollout->unmatched += json_count(sets) == 0;
    for (size_t i = 0; ok && i < json_count(sets); i++)
        ok = add_match(arena, rollout, node, json_at(sets, i));
    return ok;
}

int rollout_get(struct gb_arena *arena, struct server_client *client, struct rollout *ret_rollout,
                struct gb_err *err)
{
    struct rollout rollout = {0};
    int r = server_get(client, "/v1/rollout", &rollout.answer, err);
    if (r != 0)
        return r;
    const struct json *sets = json_get(rollout.answer, "sets");
    const struct json *nodes = json_get(rollout.answer, "nodes");
    bool ok = true;
    for (size_t i = 0; ok && i < json_count(sets); i++)
        ok = set_of(arena, &rollout, json_at(sets, i)) != NULL;
    for (size_t i = 0; ok && i < json_count(nodes); i++)
        ok = add_node(arena, &rollout, json_at(nodes, i));
    if (!ok) {
        rollout_done(&rollout);
        return gb_err_nomem(err);
    }
    *ret_rollout = rollout;
    return GB_OK;
}

void rollout_done(struct rollout *rollout)
{
    json_free(rollout->answer);
    rollout->answer = NULL;
}
