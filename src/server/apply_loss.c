#include "server/apply_loss.h"

#include <string.h>

#include "policy/lint/loss.h"
#include "server/apply.h"
#include "server/nodes/facts.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "store/store.h"
#include "verify/facts.h"
#include "wire/json.h"

enum {
    NAMED = 5,  /* nodes that are named; the others are counted */
    GROUPS = 4, /* losses that are told */
};

/* Nodes that lose the same. */
struct group {
    struct loss loss;
    size_t count;
    const char *names; /* of the first */
};

struct losing {
    struct server *server;
    struct gb_arena *arena;
    struct loss_change change;
    struct group groups[GROUPS];
    size_t group_count;
    size_t more; /* nodes of further groups */
    bool failed;
};

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void add(struct losing *l, const struct loss *loss, const char *node)
{
    size_t i = 0;
    while (i < l->group_count &&
           !(l->groups[i].loss.kind == loss->kind && same(l->groups[i].loss.name, loss->name) &&
             same(l->groups[i].loss.other, loss->other)))
        i++;
    if (i == GROUPS) {
        l->more++;
        return;
    }
    if (i == l->group_count)
        l->groups[l->group_count++] = (struct group){*loss, 0, ""};
    struct group *group = &l->groups[i];
    if (group->count++ >= NAMED)
        return;
    group->names =
        gb_arena_printf(l->arena, "%s%s%s", group->names, *group->names ? ", " : "", node);
    if (!group->names) {
        group->names = "";
        l->failed = true;
    }
}

/* The first of the sets that its last verdict needed, and that is lost. */
static void look_at_sets(const struct losing *l, const struct node_summary *node,
                         const struct node_facts *facts, struct loss *ret_loss)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    gb_cleanup(json_freep) struct json *verdict = NULL;
    struct store_verdict stored;
    if (!scratch || store_verdict_get(l->server->store, scratch, node->id, &stored, NULL) < 0 ||
        json_read(stored.json, &verdict, NULL) < 0)
        return;
    const struct json *sets = json_get(verdict, "sets");
    for (size_t i = 0; i < json_count(sets); i++) {
        const struct json *set = json_at(sets, i);
        struct gb_bytes name;
        bool needed = false;
        if (json_get_bool(set, "needed", &needed) && needed && json_get_text(set, "name", &name) &&
            loss_of_set(&l->change, facts, name, ret_loss))
            return;
    }
}

static int look_at(struct losing *l, const struct node_summary *node, struct gb_err *err)
{
    struct node_facts facts;
    struct loss loss;
    if (!node->verdict.judged || !node->verdict.trusted)
        return GB_OK;
    int r = facts_read(l->arena, node->name, node->labels, &facts, err);
    if (r < 0)
        return r;
    loss_of_judge(&l->change, &facts, &loss);
    /* Most changes take no set away: then no verdict is read. */
    if (loss.kind == LOSS_NONE && (l->change.gone_count > 0 || !l->change.has_fresh))
        look_at_sets(l, node, &facts, &loss);
    if (loss.kind != LOSS_NONE)
        add(l, &loss, node->name);
    return l->failed ? gb_err_nomem(err) : GB_OK;
}

static const char *sentence(struct gb_arena *arena, const struct group *group)
{
    const struct loss *loss = &group->loss;
    const char *node = group->count == 1 ? "trusted node" : "trusted nodes";
    switch (loss->kind) {
    case LOSS_JUDGE:
        return gb_arena_printf(arena, "%zu %s would have no NodePolicy, %s judges now",
                               group->count, node, loss->name);
    case LOSS_TIE:
        return gb_arena_printf(arena,
                               "%zu %s would have two NodePolicies of the same priority, %s and %s",
                               group->count, node, loss->name, loss->other);
    case LOSS_LINK:
        return gb_arena_printf(arena,
                               "%zu %s would be refused, NodePolicy %s requires %s and nothing "
                               "speaks for it",
                               group->count, node, loss->name, loss->other);
    case LOSS_SET:
        return gb_arena_printf(
            arena, "%zu %s on %s, which no other accepted set carries", group->count,
            group->count == 1 ? "trusted node rests" : "trusted nodes rest", loss->name);
    case LOSS_NONE:
    default:
        return NULL;
    }
}

static const char *tell(const struct losing *l)
{
    const char *text = "";
    for (size_t i = 0; text && i < l->group_count; i++) {
        const struct group *group = &l->groups[i];
        const char *what = sentence(l->arena, group);
        text = what ? gb_arena_printf(l->arena, "%s%s%s: %s%s", text, i > 0 ? "; " : "", what,
                                      group->names, group->count > NAMED ? ", ..." : "")
                    : NULL;
    }
    if (text && l->more > 0)
        text = gb_arena_printf(l->arena, "%s; and %zu more", text, l->more);
    return text;
}

int apply_loss(struct server *server, struct gb_arena *arena, const struct apply_plan *plan,
               const char **ret_message, struct gb_err *err)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *current = snapshot_get(server->trust);
    struct losing l = {.server = server, .arena = arena};
    struct node_summary *nodes = NULL;
    size_t count = 0;
    uint64_t revision;
    int r = loss_compare(arena, &snapshot_trust(current)->policy,
                         &snapshot_trust(plan->snapshot)->policy, &l.change, err);
    if (r == GB_OK)
        r = nodes_list(server->nodes, arena, 0, &nodes, &count, &revision, err);
    for (size_t i = 0; r == GB_OK && i < count; i++)
        r = look_at(&l, &nodes[i], err);
    if (r < 0)
        return r;
    *ret_message = l.group_count > 0 ? tell(&l) : NULL;
    return l.group_count > 0 && !*ret_message ? gb_err_nomem(err) : GB_OK;
}
