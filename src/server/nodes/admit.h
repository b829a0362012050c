/* Who may begin an enrolment: a stranger with a join token, or with a listed or approved EK. Costs
 * one hash and one look-up; all that is dear comes after. */
#ifndef GB_SERVER_ADMIT_H
#define GB_SERVER_ADMIT_H

#include "server/api/refusals.h"
#include "server/server.h"

struct admit_ask {
    const char *name;
    const char *token; /* NULL: none */
    struct gb_bytes ek_public;
};

enum admit_answer {
    ADMIT_REFUSED, /* *ret_refusal says why */
    ADMIT_WAITING, /* an operator must approve; ret_ek is set */
    ADMIT_OK,      /* *ret_ticket is the caller's */
};

GB_MUST_USE enum admit_answer admit(struct thread *thread, struct gb_arena *arena,
                                    const struct admit_ask *ask, const char *remote,
                                    enum refusal *ret_refusal, uint8_t ret_ek[32],
                                    struct ticket **ret_ticket);

/* The EK's fingerprint: SHA-256 over its SubjectPublicKeyInfo. GB_ERR_INPUT: no EK. */
GB_MUST_USE int admit_ek(struct gb_bytes ek_public, uint8_t ret_ek[32]);

/* Whether a token for `node_name` or `pool` ("worker-*") may claim the name; both NULL: any. */
bool admit_name(const char *node_name, const char *pool, const char *name);

#endif
