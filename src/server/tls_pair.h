/* TLS of one thread's two listeners. */
#ifndef GB_SERVER_TLS_PAIR_H
#define GB_SERVER_TLS_PAIR_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "net/tls.h"

/* What the listeners show and whom they believe. Borrowed for the call. */
struct listeners_tls {
    struct gb_bytes chain_pem; /* leaf, then CA */
    struct gb_bytes key_pem;
    struct gb_bytes ca_pem;
};

struct tls_pair {
    struct tls_server *api;
    struct tls_server *enroll;
};

/* The first thread's is made of `tls`; the others share it (`first` not NULL), so that a node which
 * comes back to another thread resumes its session all the same. */
GB_MUST_USE int tls_pair_make(const struct listeners_tls *tls, const struct tls_pair *first,
                              struct tls_pair *ret_pair, struct gb_err *err);
void tls_pair_done(struct tls_pair *pair);

#endif
