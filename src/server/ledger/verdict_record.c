#include "server/ledger/verdict_record.h"

#include <inttypes.h>

#include "crypto/digest.h"
#include "ledger/entry.h"
#include "result/verdict.h"
#include "server/ledger/record.h"
#include "server/nodes/nodes.h"
#include "store/store.h"
#include "wire/json.h"

/* Those that are not affirming: what there is to ask about. */
static struct json *links_json(const struct node_verdict *told)
{
    struct json *links = json_new_object();
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        if (told->links[i] != GB_TIER_AFFIRMING)
            json_set(links, gb_link_name((enum gb_link)i),
                     json_text(gb_tier_name((enum gb_tier)told->links[i])));
    return links;
}

static struct json *policy_json(const struct round *round)
{
    const struct verdict *verdict = &round->verdict;
    if (!verdict->policy_name)
        return json_text(NULL);
    struct json *json = json_new_object();
    json_set(json, "name", json_text(verdict->policy_name));
    json_set(json, "version", json_number(verdict->policy_version));
    json_set(json, "mode", json_text(verdict->mode));
    return json;
}

const struct store_entry *verdict_record(struct gb_arena *arena, struct digester *digester,
                                         const struct round *round, struct gb_bytes json)
{
    const struct node_verdict *told = &round->told;
    uint8_t digest[32];
    char *trust_id = gb_arena_printf(arena, "%016" PRIx64, told->trust_id);
    if (!trust_id || digest_of(digester, DIGEST_SHA256, json, digest) < 0)
        return NULL;
    struct json *data = json_new_object();
    json_set(data, "name", json_text(round->node->name));
    json_set(data, "verdict", json_text(told->trusted ? "trusted" : "untrusted"));
    json_set(data, "tier", json_text(gb_tier_name((enum gb_tier)told->tier)));
    json_set(data, "links", links_json(told));
    if (!told->trusted && told->reason)
        json_set(data, "reason",
                 json_text(gb_arena_printf(arena, "%.*s", NODES_REASON, told->reason)));
    json_set(data, "policy", policy_json(round));
    json_set(data, "trust_id", json_text(trust_id));
    json_set(data, "quote", json_hex(gb_bytes(round->quote, sizeof round->quote)));
    json_set(data, "sha256", json_hex(gb_bytes(digest, sizeof digest)));
    struct record record = {.what = ENTRY_VERDICT,
                            .who = record_server(),
                            .whom = record_node(arena, round->node->id),
                            .data = data};
    return record_make(arena, digester, &record);
}
