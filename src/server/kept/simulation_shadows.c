#include "server/kept/simulation_shadows.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "policy/policy.h"
#include "result/verdict.h"
#include "server/kept/simulation.h"
#include "wire/json.h"

enum { MAX_NODE = 8 << 10 }; /* a name and a sentence, as JSON */

struct simulation_shadow {
    const struct node_policy *policy;
    size_t nodes, untrusted, listed;
    struct gb_buf list; /* JSON objects with commas between */
};

int simulation_shadows_init(struct simulation_shadows *shadows, struct gb_arena *arena,
                            const struct policy *policy, struct gb_err *err)
{
    size_t count = 0;
    *shadows = (struct simulation_shadows){0};
    for (const struct node_policy *p = policy->policies; p; p = p->next)
        count += p->mode == POLICY_SHADOW;
    shadows->items = gb_arena_new_array(arena, struct simulation_shadow, count + 1);
    if (!shadows->items)
        return gb_err_nomem(err);
    for (const struct node_policy *p = policy->policies; p; p = p->next) {
        if (p->mode != POLICY_SHADOW)
            continue;
        struct simulation_shadow *shadow = &shadows->items[shadows->count++];
        shadow->policy = p;
        gb_buf_init(&shadow->list, SIMULATION_SHADOW_NODES * MAX_NODE);
    }
    return GB_OK;
}

void simulation_shadows_done(struct simulation_shadows *shadows)
{
    for (size_t i = 0; i < shadows->count; i++)
        gb_buf_done(&shadows->items[i].list);
}

static struct simulation_shadow *find(struct simulation_shadows *shadows,
                                      const struct verdict_shadow *of)
{
    for (size_t i = 0; i < shadows->count; i++)
        if (shadows->items[i].policy->version == of->version &&
            strcmp(shadows->items[i].policy->name, of->name) == 0)
            return &shadows->items[i];
    return NULL;
}

static const char *reason(struct gb_arena *arena, const struct verdict *verdict)
{
    for (const struct gb_finding *f = verdict->findings.first; f; f = f->next)
        if (f->tier == GB_TIER_CONTRAINDICATED)
            return gb_finding_message(arena, f);
    return NULL;
}

static void list_node(struct simulation_shadow *shadow, struct gb_arena *arena, const char *node,
                      const struct verdict *verdict)
{
    gb_cleanup(json_freep) struct json *json = json_new_object();
    struct gb_buf line;
    if (shadow->listed == SIMULATION_SHADOW_NODES)
        return;
    gb_buf_init(&line, MAX_NODE - 1);
    json_set(json, "node", json_text(node));
    json_set(json, "tier", json_text(gb_tier_name(verdict->tier)));
    json_set(json, "reason", json_text(reason(arena, verdict)));
    json_line(json, &line);
    if (gb_buf_ok(&line)) {
        if (shadow->listed++ > 0)
            gb_buf_puts(&shadow->list, ",");
        gb_buf_add(&shadow->list, line.data, line.len);
    }
    gb_buf_done(&line);
}

void simulation_shadows_note(struct simulation_shadows *shadows, struct gb_arena *arena,
                             const char *node, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->shadow_count; i++) {
        const struct verdict *own = verdict->shadows[i].verdict;
        struct simulation_shadow *shadow = find(shadows, &verdict->shadows[i]);
        if (!shadow)
            continue;
        shadow->nodes++;
        if (verdict_is_yes(own->tier))
            continue;
        shadow->untrusted++;
        list_node(shadow, arena, node, own);
    }
}

void simulation_shadows_write(const struct simulation_shadows *shadows, struct gb_buf *out)
{
    gb_buf_puts(out, "[");
    for (size_t i = 0; i < shadows->count; i++) {
        const struct simulation_shadow *shadow = &shadows->items[i];
        gb_buf_puts(out, i > 0 ? ",{\"policy\":" : "{\"policy\":");
        json_line_text(gb_bytes_str(shadow->policy->name), out);
        gb_buf_printf(out,
                      ",\"version\":%" PRIu64 ",\"nodes\":%zu,\"untrusted\":%zu,"
                      "\"untrusted_nodes\":[",
                      shadow->policy->version, shadow->nodes, shadow->untrusted);
        gb_buf_add(out, shadow->list.data, shadow->list.len);
        gb_buf_puts(out, "]}");
    }
    gb_buf_puts(out, "]");
}
