/* An operator's certificate by the CA's key, read from garboard-keyd's folder of state: for who has
 * that host in hand. */
#ifndef GB_CLI_OPERATOR_CERT_H
#define GB_CLI_OPERATOR_CERT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct operator_ask {
    struct gb_arena *arena;
    const char *name; /* checked by the caller */
    const char *keyd_state;
    const char *passphrase_file; /* NULL: the CA's key is not sealed */
    struct gb_bytes csr;         /* PKCS#10; empty: a key is made, too */
    int64_t now_s;
    int64_t days;
};
struct operator_cert {
    const char *spiffe_id;
    struct gb_bytes pem;
    struct gb_bytes key_pem; /* a secret; empty when there was a request */
    int64_t not_after_s;
};

/* All in the arena. The trust domain is that of ledger.state, beside the CA's key. GB_ERR_CONFIG,
 * NOTFOUND, INPUT (the request), IO, NOMEM. */
GB_MUST_USE int operator_cert_make(const struct operator_ask *ask, struct operator_cert *ret_cert,
                                   struct gb_err *err);
void operator_cert_wipe(struct operator_cert *cert);

#endif
