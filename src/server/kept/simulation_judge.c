#include "server/kept/simulation_judge.h"

#include "attest/again.h"
#include "base/finding.h"
#include "evidence/kept.h"
#include "result/verdict.h"
#include "server/kept/kept_load.h"
#include "server/nodes/facts.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "store/kept.h"
#include "store/store.h"
#include "verify/claims.h"
#include "verify/facts.h"
#include "wire/json.h"

enum { MAX_FINDINGS = 8 }; /* of one link: an answer is read by people */

struct judged {
    struct verdict verdict;
    bool trusted;
};

const char *simulated_word(enum simulated simulated)
{
    static const char *const words[] = {[SIMULATED_SAME] = "same",
                                        [SIMULATED_WORSE] = "worse",
                                        [SIMULATED_BETTER] = "better",
                                        [SIMULATED_OTHER] = "other"};
    return words[simulated];
}

static int appraise_kept(const struct simulation_judge *judge, const struct node_summary *node,
                         struct judged *ret_judged, struct gb_err *err)
{
    struct store_kept row;
    struct claims claims;
    struct node_facts facts;
    struct kept *kept = gb_arena_new_one(judge->arena, struct kept);
    if (!kept)
        return gb_err_nomem(err);
    int r = store_kept_at(judge->store, judge->arena, node->id, 0, &row, err);
    if (r == GB_OK)
        r = facts_read(judge->arena, node->name, node->labels, &facts, err);
    if (r == GB_OK)
        r = kept_load(judge->arena, judge->store, judge->cache, &row, kept, err);
    if (r == GB_OK)
        r = attest_again(judge->arena, judge->digester, judge->trust, kept, &facts, judge->time_s,
                         &claims, &ret_judged->verdict, err);
    if (r == GB_OK)
        ret_judged->trusted = claims.quote_proven && verdict_is_trusted(&ret_judged->verdict);
    return r;
}

/* ---- what changed ---- */

static bool links_differ(const struct node_verdict *old, const struct verdict *verdict)
{
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        if (old->links[i] != verdict->links[i].tier)
            return true;
    return false;
}

static enum simulated compare(const struct node_verdict *old, const struct judged *now)
{
    if (old->trusted != now->trusted)
        return now->trusted ? SIMULATED_BETTER : SIMULATED_WORSE;
    if (old->tier != now->verdict.tier)
        return (int)now->verdict.tier > (int)old->tier ? SIMULATED_WORSE : SIMULATED_BETTER;
    return links_differ(old, &now->verdict) ? SIMULATED_OTHER : SIMULATED_SAME;
}

/* ---- in JSON ---- */

static struct json *side_json(bool trusted, enum gb_tier tier, const char *policy)
{
    struct json *json = json_new_object();
    json_set(json, "verdict", json_text(trusted ? "trusted" : "untrusted"));
    json_set(json, "tier", json_text(gb_tier_name(tier)));
    json_set(json, "policy", json_text(policy));
    return json;
}

/* What speaks against the link now: event, expected, what to do. */
static struct json *findings_json(const struct simulation_judge *judge,
                                  const struct verdict *verdict, enum gb_link link)
{
    struct json *list = json_new_array();
    size_t count = 0;
    for (const struct gb_finding *f = verdict->findings.first; f && count < MAX_FINDINGS;
         f = f->next) {
        if (f->link != link || f->tier == GB_TIER_AFFIRMING)
            continue;
        json_push(list, finding_json(judge->arena, f, false));
        count++;
    }
    return list;
}

/* What spoke against it when the verdict that stands was recorded. */
static struct json *earlier_json(struct json *recorded, const char *link)
{
    struct json *list = json_new_array();
    const struct json *findings = json_get(recorded, "findings");
    size_t count = 0;
    for (size_t i = 0; i < json_count(findings) && count < MAX_FINDINGS; i++) {
        const struct json *finding = json_at(findings, i);
        struct gb_bytes word, message;
        if (!json_get_text(finding, "link", &word) || !gb_bytes_is(word, link) ||
            !json_get_text(finding, "tier", &word) ||
            gb_bytes_is(word, gb_tier_name(GB_TIER_AFFIRMING)) ||
            !json_get_text(finding, "message", &message))
            continue;
        json_push(list, json_text((const char *)message.data));
        count++;
    }
    return list;
}

static struct json *links_json(const struct simulation_judge *judge,
                               const struct node_summary *node, const struct verdict *verdict)
{
    gb_cleanup(json_freep) struct json *recorded = NULL;
    struct store_verdict stored;
    struct json *list = json_new_array();
    if (store_verdict_get(judge->store, judge->arena, node->id, &stored, NULL) == GB_OK &&
        json_read(stored.json, &recorded, NULL) < 0)
        recorded = NULL;
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        enum gb_tier old = (enum gb_tier)node->verdict.links[i];
        const char *name = gb_link_name((enum gb_link)i);
        if (old == verdict->links[i].tier)
            continue;
        struct json *link = json_new_object();
        json_set(link, "link", json_text(name));
        json_set(link, "from", json_text(gb_tier_name(old)));
        json_set(link, "to", json_text(gb_tier_name(verdict->links[i].tier)));
        json_set(link, "findings", findings_json(judge, verdict, (enum gb_link)i));
        json_set(link, "was", earlier_json(recorded, name));
        json_push(list, link);
    }
    return list;
}

/* The whole verdict's own words, where no link says them (no policy, two that are alike). */
static struct json *without_link_json(const struct simulation_judge *judge,
                                      const struct verdict *verdict)
{
    return findings_json(judge, verdict, GB_LINK_NONE);
}

int simulation_judge(const struct simulation_judge *judge, const struct node_summary *node,
                     enum simulated *ret_simulated, struct json **ret_change,
                     const struct verdict **ret_verdict, struct gb_err *err)
{
    struct judged *now = gb_arena_new_one(judge->arena, struct judged);
    char id[NODE_ID_TEXT];
    int r = now ? appraise_kept(judge, node, now, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    const struct node_verdict *old = &node->verdict;
    *ret_change = NULL;
    *ret_verdict = &now->verdict;
    *ret_simulated = compare(old, now);
    if (*ret_simulated == SIMULATED_SAME)
        return GB_OK;
    node_id_text(node->id, id);
    struct json *change = json_new_object();
    json_set(change, "node", json_text(node->name));
    json_set(change, "id", json_text(id));
    json_set(change, "change", json_text(simulated_word(*ret_simulated)));
    json_set(change, "from", side_json(old->trusted, (enum gb_tier)old->tier, old->policy));
    json_set(change, "to", side_json(now->trusted, now->verdict.tier, now->verdict.policy));
    json_set(change, "links", links_json(judge, node, &now->verdict));
    json_set(change, "findings", without_link_json(judge, &now->verdict));
    *ret_change = change;
    return GB_OK;
}
