/* What policy makes of a chain: a tier for each link and in all, with reasons. Only policy/ writes
 * one; many read it. */
#ifndef GB_RESULT_VERDICT_H
#define GB_RESULT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "wire/json.h"

struct verdict {
    enum gb_tier tier; /* never GB_TIER_NONE once appraise() returned 0 */
    struct gb_link_result {
        enum gb_tier tier; /* none: nothing judged it, or it rests on a broken link */
    } links[GB_LINK_COUNT];
    struct gb_findings findings; /* in order of links, then of discovery */
    const char *policy;          /* name and version that judged; NULL without a policy */
};

/* Only these two say yes: whatever else a tier may be, it is no. */
static inline bool verdict_is_yes(enum gb_tier tier)
{
    return tier == GB_TIER_AFFIRMING || tier == GB_TIER_WARNING;
}

/* {"tier","links":{name:{"tier","codes"}},"findings":[{"tier","link","code","message","remedy","event"}]};
 * NULL when out of memory. `arena` holds the sentences meanwhile. */
struct json *verdict_json(struct gb_arena *arena, const struct verdict *verdict);
/* One finding as JSON; `with_link` says whether "link" is written. */
struct json *finding_json(struct gb_arena *arena, const struct gb_finding *finding, bool with_link);

#endif
