/* What policy made of what is proven so far, link by link: enough to compose a verdict when only
 * new evidence is judged. Plain bytes; all zero: nothing was judged. */
#ifndef GB_POLICY_STANDING_H
#define GB_POLICY_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/finding.h"

struct standing {
    struct standing_link {
        uint8_t worst;      /* enum gb_tier of the link's own findings so far */
        bool has_affirming; /* one finding at least spoke for it */
        bool unjudged;      /* no set speaks for it (reference.not-judged) */
        bool not_allowed;   /* something above affirming is not what the policy itself allows */
    } links[GB_LINK_COUNT];
    bool policy_named; /* something proven names the IMA policy */
    bool files_judged; /* the list has measured a file */
    bool disproven; /* verify() found something against the node, which is no policy's to soften */
    /* When the first exception ends (spec.ima.exceptions, until) that something let pass leaned on,
     * seconds since 1970 UTC: what stands was judged for the time before. 0: nothing did. */
    int64_t until_s;
};

enum { STANDING_SHADOWS = 2, STANDING_SETS = 256 };

/* Which reference sets spoke so far, a bit each at ref_set.place; sets beyond are not remembered.
 */
struct standing_sets {
    uint64_t matched[STANDING_SETS / 64]; /* it knew something of this boot */
    uint64_t needed[STANDING_SETS / 64];  /* it alone of all that count accepted something */
};

/* Of a node's boot: by the policy that judges, and by those in its shadow. */
struct standings {
    struct standing own;
    struct standing shadows[STANDING_SHADOWS];
    struct standing_sets sets;
    uint8_t tpm; /* enum verdict_tpm: identity is judged once a boot */
};

/* Whether all of it still holds at `time_s`: no exception has ended that it leaned on. */
bool standings_hold(const struct standings *standings, int64_t time_s);
/* Whether both say the same: by their members, because the bytes between these say nothing. */
bool standing_same(const struct standing *a, const struct standing *b);
/* What stands leans on an exception that ends then. */
void standing_until(struct standing *standing, int64_t until_s);
/* What a list of findings comes to for its link. `lasting`: without those that speak of this round
 * only, and are found again in the next while they hold. */
struct standing_link standing_of(const struct gb_findings *list, bool lasting);
/* Both together: the worst of either, and all that was said. */
struct standing_link standing_merge(struct standing_link a, struct standing_link b);

#endif
