/* One attestation on its way from evidence to claims: what verify/verify and verify/verify_next
 * share. */
#ifndef GB_VERIFY_PROOF_H
#define GB_VERIFY_PROOF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "verify/anchors.h"
#include "verify/boot.h"
#include "verify/claims.h"
#include "verify/runtime.h"
#include "verify/seen.h"
#include "verify/verify.h"

struct proof {
    struct gb_arena *arena;
    struct digester *digester;
    const struct asked *asked;
    const struct evidence *evidence;
    const struct seen *before; /* NULL: this attestation stands alone */
    struct pcr_values proven;
    bool quote_proven;
    struct boot boot;
    struct runtime runtime;
    struct claims claims;
};

/* In the arena; borrows all. NULL when out of memory. */
GB_MUST_USE struct proof *proof_new(struct gb_arena *arena, struct digester *digester,
                                    const struct asked *asked, const struct evidence *evidence,
                                    const struct seen *before);
/* Proves what can be proven: fills quote_proven, proven, boot, runtime and claims. */
GB_MUST_USE int proof_judge(struct proof *proof, const struct anchors *anchors, struct gb_err *err);

#endif
