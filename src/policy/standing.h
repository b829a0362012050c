/* What policy made of what is proven so far, link by link: enough to compose a verdict when only
 * new evidence is judged. Plain bytes. */
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
        bool only_allowed;  /* all that is above affirming is what the policy itself allows */
    } links[GB_LINK_COUNT];
};

#endif
