/* What keyd believes: TPM makers' roots and intermediates, policy. One immutable snapshot with a
 * count of users; a reload swaps it whole or not at all. */
#ifndef GB_KEYD_BELIEFS_H
#define GB_KEYD_BELIEFS_H

#include "attest/attest.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/bundle.h"
#include "keyd/config.h"

struct beliefs {
    struct trust trust;
    struct bundle_file intermediates[BUNDLE_MAX_INTERMEDIATES];
    size_t intermediate_count;
};

/* Reads the files that `config` names. */
GB_MUST_USE int beliefs_read(const struct keyd_config *config, const struct beliefs **ret_beliefs,
                             struct gb_err *err);
void beliefs_unref(const struct beliefs *beliefs);
void beliefs_unrefp(const struct beliefs **beliefs);

/* Where the present snapshot stands; any thread. */
struct beliefs_holder;
/* Takes `first` over. */
GB_MUST_USE int beliefs_holder_new(const struct beliefs *first, struct beliefs_holder **ret_holder,
                                   struct gb_err *err);
void beliefs_holder_free(struct beliefs_holder *holder);
/* The caller unrefs. */
const struct beliefs *beliefs_get(struct beliefs_holder *holder);
/* Takes `next` over; users of the old one keep it. */
void beliefs_swap(struct beliefs_holder *holder, const struct beliefs *next);

#endif
