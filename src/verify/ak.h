/* The attestation key: read from what was given, and whether it is one (T06). */
#ifndef GB_VERIFY_AK_H
#define GB_VERIFY_AK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/key.h"
#include "evidence/bundle.h"

struct ak {
    const struct key *known; /* the caller's, in place of parsing ak.pub; or NULL */
    struct key *area;        /* of ak.pub, or NULL */
    struct key *pem;         /* of ak.pem, or NULL */
};

/* At least one key is there afterwards; the caller calls ak_done. `known` (borrowed, may be NULL)
 * is the key of ak.pub, parsed earlier. GB_ERR_INPUT: the numbers make no key; GB_ERR_NOTFOUND:
 * none was given. */
GB_MUST_USE int ak_read(const struct evidence *evidence, const struct key *known, struct ak *ret_ak,
                        struct gb_err *err);
void ak_done(struct ak *ak);
/* That of ak.pub before that of ak.pem. */
const struct key *ak_key(const struct ak *ak);

/* Strength, attributes where the public area is given, and that both keys are the same one. A
 * finding for each fault. */
bool ak_judge(struct gb_arena *arena, const struct evidence *evidence, const struct ak *ak,
              struct gb_findings *findings);

#endif
