/* What policy makes of a chain: a tier for each link and in all, with reasons. Only policy/ writes
 * one; many read it. */
#ifndef GB_RESULT_VERDICT_H
#define GB_RESULT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "wire/json.h"

/* A reference set that something of this boot matched. */
struct verdict_set {
    const char *name;
    uint64_t version; /* 0: it states none, which is its first */
    const char *cls;  /* "os" */
    const char *life; /* "accepted"; of another life it decided nothing */
    bool needed;      /* no other that counts accepts all that it accepted here */
};

struct verdict;

/* What the node's TPM is, by the maker that its EK certificate proves. */
enum verdict_tpm { VERDICT_TPM_UNKNOWN, VERDICT_TPM_HARDWARE, VERDICT_TPM_VIRTUAL };

/* What a policy in the shadow makes of the same claims. */
struct verdict_shadow {
    const char *name;
    uint64_t version;
    const struct verdict *verdict;
};

struct verdict {
    enum gb_tier tier; /* never GB_TIER_NONE once appraise() returned 0 */
    struct gb_link_result {
        enum gb_tier tier; /* none: nothing judged it, or it rests on a broken link */
    } links[GB_LINK_COUNT];
    struct gb_findings findings; /* in order of links, then of discovery */
    const char *policy;          /* name and version that judged; NULL when none did */
    const char *policy_name;     /* the same apart; NULL when none did */
    uint64_t policy_version;
    const char *mode;    /* "enforce", "warn"; NULL when no policy judged */
    int64_t freshness_s; /* how long its proofs stand; 0: the policy does not say */
    bool warns_only;     /* mode warn, and only policy speaks against the node: it stays trusted */
    enum verdict_tpm tpm;
    const struct verdict_set *sets;
    size_t set_count;
    const struct verdict_shadow *shadows;
    size_t shadow_count;
};

/* Only these two say yes: whatever else a tier may be, it is no. */
static inline bool verdict_is_yes(enum gb_tier tier)
{
    return tier == GB_TIER_AFFIRMING || tier == GB_TIER_WARNING;
}

/* Whether a node is trusted by it: a policy judged, and its tier says yes or its mode is warn,
 * which lets pass what sets and rules say, and nothing of what is proven against the node itself.
 * Evidence that proves nothing is never trusted: the caller asks claims->quote_proven, too. */
static inline bool verdict_is_trusted(const struct verdict *verdict)
{
    return verdict->policy && (verdict_is_yes(verdict->tier) || verdict->warns_only);
}

/* {"tier","judged_by":{"name","version","mode","freshness_s"},"hardware","sets":[{"name","version","class","life","needed"}],"shadow":[...],"links":{name:{"tier","codes"}},"findings":[{"tier","link","code","message","remedy","event"}]};
 * NULL when out of memory. `arena` holds the sentences meanwhile. */
struct json *verdict_json(struct gb_arena *arena, const struct verdict *verdict);
/* One finding as JSON; `with_link` says whether "link" is written. */
struct json *finding_json(struct gb_arena *arena, const struct gb_finding *finding, bool with_link);

#endif
