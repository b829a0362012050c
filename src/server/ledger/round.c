#include "server/ledger/round.h"

#include <string.h>

#include "attest/next.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "ledger/rounds.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "result/verdict.h"
#include "server/api/answer.h"
#include "server/ledger/round_log.h"
#include "server/ledger/story.h"
#include "server/nodes/ek_certs.h"
#include "server/nodes/facts.h"
#include "server/nodes/nodes.h"
#include "server/nodes/nonce.h"
#include "server/snapshot.h"
#include "store/store.h"
#include "verify/facts.h"
#include "verify/verify.h"
#include "wire/json.h"

/* A round that brings all is judged with the EK certificates of the enrolment, whatever the node
 * sent: that its AK lives in that TPM was proven then, for these. */
static int enrolled_certs(struct gb_arena *arena, struct store *store, struct round *round,
                          struct bundle *bundle, struct gb_err *err)
{
    struct store_node facts;
    bundle->ekcert_count = 0;
    bundle->intermediate_count = 0;
    if (bundle_continues(bundle))
        return GB_OK;
    int r = store_node_by_id(store, arena, round->node->id, &facts, err);
    if (r < 0)
        return r == GB_ERR_NOTFOUND ? gb_err_set(err, GB_ERR_IO, "the node left the store") : r;
    round->ek_certs = facts.ek_certs;
    r = ek_certs_read(facts.ek_certs, bundle, err);
    return r == GB_ERR_INPUT ? GB_ERR_BUG : r;
}

static const char *first_reason(struct gb_arena *arena, const struct verdict *verdict)
{
    for (const struct gb_finding *f = verdict->findings.first; f; f = f->next)
        if (f->tier == GB_TIER_CONTRAINDICATED)
            return gb_finding_message(arena, f);
    return NULL;
}

/* Without a policy nothing is trusted, however good it looks. */
static void without_policy(struct verdict *verdict)
{
    gb_finding_add(&verdict->findings, GB_FINDING_POLICY_NONE, GB_NO_EVENT, NULL, NULL, NULL);
    verdict->tier = GB_TIER_CONTRAINDICATED;
}

/* Names what was matched: a node that takes up a file of a new set has news (rollout status).
 * FNV-1a: nobody gains by a collision but a later word of it. */
static uint64_t sets_id(const struct verdict *verdict)
{
    uint64_t id = 0xcbf29ce484222325U;
    for (size_t i = 0; i < verdict->set_count; i++) {
        const struct verdict_set *set = &verdict->sets[i];
        for (const char *c = set->name; *c; c++)
            id = (id ^ (uint8_t)*c) * 0x100000001b3U;
        id = (id ^ set->version ^ (set->needed ? 1U << 31 : 0)) * 0x100000001b3U;
    }
    return id ? id : 1;
}

static int tell(struct gb_arena *arena, struct round *round, struct gb_err *err)
{
    const struct verdict *verdict = &round->verdict;
    struct node_verdict told = {.judged = true,
                                .tier = (uint8_t)verdict->tier,
                                .trust_id = snapshot_trust(round->snapshot)->id,
                                .labels_num = round->node->labels_num,
                                .sets_id = sets_id(verdict),
                                .verified_s = round->nonce.issued_s,
                                .issued_ms = round->nonce.issued_ms,
                                .freshness_s = verdict->freshness_s,
                                .policy = verdict->policy,
                                .reason = first_reason(arena, verdict),
                                .ima_entries = round->after.seen.ima.next,
                                .reset_count = round->claims.reset_count};
    told.trusted = round->claims.quote_proven && verdict_is_trusted(verdict);
    for (size_t i = 0; i < GB_LINK_COUNT; i++)
        told.links[i] = (uint8_t)verdict->links[i].tier;
    if (verdict->findings.failed)
        return gb_err_nomem(err);
    round->told = told;
    return GB_OK;
}

static int read_bundle(struct gb_arena *arena, struct store *store, struct digester *digester,
                       struct round *round, struct bundle *bundle, struct gb_err *err)
{
    int r = envelope_read(arena, round->body, bundle, err);
    if (r < 0)
        return r;
    bundle->ak_public = round->node->ak_public; /* the enrolled one, and no other */
    bundle->ak_pem = (struct gb_bytes){0};
    round->attest = bundle->quote;
    round->signature = bundle->signature;
    r = digest_of(digester, DIGEST_SHA256, bundle->extras, round->extras);
    if (r == GB_OK)
        r = digest_of(digester, DIGEST_SHA256, bundle->quote, round->quote);
    return r < 0 ? r : enrolled_certs(arena, store, round, bundle, err);
}

struct trust round_trust(const struct snapshot *snapshot, const struct node *node)
{
    struct trust trust = *snapshot_trust(snapshot);
    trust.id ^= node->labels_num;
    return trust;
}

int round_judge(struct gb_arena *arena, struct store *store, struct digester *digester,
                struct round *round, struct gb_err *err)
{
    const struct trust trust = round_trust(round->snapshot, round->node);
    struct bundle *bundle = gb_arena_new_one(arena, struct bundle);
    if (!bundle)
        return gb_err_nomem(err);
    struct node_facts facts;
    round->bundle = bundle;
    round->judged_s = gb_clock_s();
    int r = facts_read(arena, round->node->name, round->node->labels, &facts, err);
    if (r == GB_OK)
        r = read_bundle(arena, store, digester, round, bundle, err);
    if (r < 0)
        return r;
    const struct asked asked = {.has_nonce = true,
                                .nonce = gb_bytes(round->nonce.bytes, NONCE_SIZE),
                                .time_s = round->judged_s,
                                .allow_expired = policy_allows_expired(&trust.policy, &facts),
                                .transport = round->node->transport,
                                .ak = round->node->ak,
                                .issued_s = round->nonce.issued_s,
                                .facts = &facts};
    r = attest_next(arena, digester, &trust, &asked, bundle, &round->node->progress, &round->after,
                    &round->claims, &round->verdict, err);
    if (r < 0)
        return r;
    if (!trust.policy.policies)
        without_policy(&round->verdict);
    return tell(arena, round, err);
}

int round_keep(const struct round *round, struct round_log *log, struct gb_err *err)
{
    struct rounds_quote quote = {.attest = round->attest,
                                 .signature = round->signature,
                                 .nonce = gb_bytes(round->nonce.bytes, NONCE_SIZE),
                                 .issued_s = (uint64_t)round->nonce.issued_s};
    struct round_proof proof = {.leaf = {.verified_at_s = (uint64_t)round->nonce.issued_s,
                                         .trust_id = round->told.trust_id,
                                         .policy_version = round->verdict.policy_version,
                                         .tier = round->told.tier,
                                         .trusted = round->told.trusted},
                                .policy = snapshot_policy(round->snapshot),
                                .quote = round->claims.quote_proven ? &quote : NULL};
    memcpy(quote.node, round->node->id, sizeof quote.node);
    memcpy(quote.transport, round->node->transport, sizeof quote.transport);
    memcpy(quote.extras, round->extras, sizeof quote.extras);
    memcpy(proof.leaf.node, round->node->id, sizeof proof.leaf.node);
    memcpy(proof.leaf.quote, round->quote, sizeof proof.leaf.quote);
    return round_log_append(log, &proof, gb_clock_s(), gb_clock_ms(), err);
}

/* One more thing against a link that is broken already. */
static bool has_more_against(const struct round *round)
{
    const struct gb_finding *f = round->verdict.findings.first;
    while (f && (f->tier != GB_TIER_CONTRAINDICATED || f->code == GB_FINDING_LINK_EARLIER))
        f = f->next;
    return f && round->claims.continues;
}

/* Which sets spoke, and what stands in the shadow: no tier tells of it, but a rollout does.
 * Compared with what the node's last round came to. */
static bool has_other_standings(const struct round *round)
{
    const struct standings *before = &round->node->progress.standings;
    const struct standings *now = &round->after.standings;
    bool same = memcmp(&before->sets, &now->sets, sizeof now->sets) == 0;
    for (size_t i = 0; i < STANDING_SHADOWS; i++)
        same = same && standing_same(&before->shadows[i], &now->shadows[i]);
    return !same;
}

bool round_is_news(const struct node_verdict *before, const struct round *round)
{
    const struct node_verdict *now = &round->told;
    return has_more_against(round) || !before->judged || before->unkept ||
           before->trusted != now->trusted || before->tier != now->tier ||
           before->trust_id != now->trust_id || before->labels_num != now->labels_num ||
           (before->sets_id != 0 && before->sets_id != now->sets_id) ||
           before->reset_count != now->reset_count || has_other_standings(round) ||
           memcmp(before->links, now->links, sizeof now->links) != 0;
}

static void join_earlier(struct gb_arena *arena, struct store *store, const struct round *round,
                         struct json *json)
{
    gb_cleanup(json_freep) struct json *earlier = NULL;
    struct store_verdict stored;
    if (round->claims.continues &&
        store_verdict_get(store, arena, round->node->id, &stored, NULL) == GB_OK &&
        json_read(stored.json, &earlier, NULL) == GB_OK)
        story_join(earlier, json);
}

char *round_json(struct gb_arena *arena, struct store *store, const struct round *round)
{
    gb_cleanup(json_freep) struct json *json = verdict_json(arena, &round->verdict);
    char *text = NULL;
    join_earlier(arena, store, round, json);
    json_set(json, "verdict", json_text(round->told.trusted ? "trusted" : "untrusted"));
    json_set(json, "verified_at", answer_time(round->told.verified_s));
    json_set(json, "policy", json_text(round->told.policy));
    json_set(json, "ima_entries", json_number(round->told.ima_entries));
    json_set(json, "reset_count", json_number(round->told.reset_count));
    if (json_print(json, &text, NULL) < 0)
        return NULL;
    char *copy = (char *)(uintptr_t)gb_arena_copy(arena, gb_bytes_str(text)).data;
    gb_free(text);
    return copy;
}
