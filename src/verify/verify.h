/* Evidence to claims: the only maker of struct claims. Pure: nonce, time and anchors come in as
 * arguments. */
#ifndef GB_VERIFY_VERIFY_H
#define GB_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "verify/anchors.h"
#include "verify/claims.h"
#include "verify/facts.h"
#include "verify/seen.h"

/* What we asked of the node, and when. */
struct asked {
    bool has_nonce;
    struct gb_bytes nonce;
    int64_t time_s;     /* seconds since 1970, UTC: validity of certificates */
    bool allow_expired; /* policy: an expired EK certificate is a warning */
    /* Of the service; all may be absent. */
    const uint8_t
        *transport; /* 32 bytes: the nonce is bound to this transport key, see binding.h */
    const struct key
        *ak;          /* the enrolled AK, parsed once; the bundle's ak_public is its public area */
    int64_t issued_s; /* when the nonce was issued */
    const struct node_facts *facts; /* whom we asked; NULL: nothing is known */
};

/*
 * Proves what can be proven of the evidence. A proof that fails is a finding, not an error; an
 * error means that we could not decide (GB_ERR_NOMEM, GB_ERR_BUG). Claims borrow from evidence and
 * arena. One digester per thread.
 */
GB_MUST_USE int verify(struct gb_arena *arena, struct digester *digester,
                       const struct anchors *anchors, const struct asked *asked,
                       const struct evidence *evidence, struct claims *ret_claims,
                       struct gb_err *err);
/*
 * The same for a node that attests again and again. `before` is what its earlier rounds proved (all
 * zero: nothing): counters and clock must not go back behind it, and a bundle that continues
 * (bundle_continues) is proven from there on, at the cost of what is new. *ret_seen replaces
 * `before`; evidence that is refused leaves it as it was, but a proven quote of a later boot ends
 * what was held of the old one. GB_ERR_AGAIN: the bundle continues from what is not held, or its
 * quote was made long before it was sent: ask for all, with a fresh nonce.
 */
GB_MUST_USE int verify_next(struct gb_arena *arena, struct digester *digester,
                            const struct anchors *anchors, const struct asked *asked,
                            const struct evidence *evidence, const struct seen *before,
                            struct seen *ret_seen, struct claims *ret_claims, struct gb_err *err);

#endif
