/* What keyd believes: TPM makers' roots and intermediates, and the documents that its officers
 * signed. One immutable snapshot with a count of users; it is swapped whole or not at all. */
#ifndef GB_KEYD_BELIEFS_H
#define GB_KEYD_BELIEFS_H

#include "attest/attest.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/bundle.h"
#include "keyd/config.h"
#include "keyd/papers.h"
#include "policy/documents/signed_set.h"

struct beliefs {
    struct keyd_config config; /* as it was read from: its three lists are the snapshot's own */
    const char *officers;      /* SHA-256 of each officer's key in hex, a line each */
    struct trust trust;
    struct signed_set documents; /* all that were sent, with their signatures */
    const char *fault;           /* why none of them counts; NULL: they do */
    struct bundle_file intermediates[BUNDLE_MAX_INTERMEDIATES];
    size_t intermediate_count;
};

/* Reads the files that `config` names, and the documents kept in its state folder. When one of them
 * is not rightly signed there is no policy, and `fault` says why. Borrows the texts of `config`,
 * but for its lists. */
GB_MUST_USE int beliefs_read(const struct keyd_config *config, const struct beliefs **ret_beliefs,
                             struct gb_err *err);
/* The same with documents that are not kept there yet; they are copied as far as needed. */
GB_MUST_USE int beliefs_make(const struct keyd_config *config, const struct papers *papers,
                             const struct beliefs **ret_beliefs, struct gb_err *err);
/* Logs what is in force, and loudly what is not. */
void beliefs_tell(const struct beliefs *beliefs);
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
/* Who reads the present ones to decide on the next holds them between: one at a time. */
void beliefs_hold(struct beliefs_holder *holder);
void beliefs_release(struct beliefs_holder *holder);
/* Takes `next` over; users of the old one keep it. */
void beliefs_swap(struct beliefs_holder *holder, const struct beliefs *next);

#endif
