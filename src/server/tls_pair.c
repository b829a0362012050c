#include "server/tls_pair.h"

#include "net/tls.h"

enum { SESSIONS = 20000 }; /* 11 KB each at most: agents that reconnect */

static int new_tls(const struct listeners_tls *tls, bool enroll, struct tls_server **ret_tls,
                   struct gb_err *err)
{
    const struct tls_server_conf conf = {.cert_pem = tls->chain_pem,
                                         .key_pem = tls->key_pem,
                                         .client_ca_pem = tls->ca_pem,
                                         .auth = enroll ? TLS_AUTH_NONE : TLS_AUTH_CLIENT_CERT,
                                         .sessions = enroll ? 0 : SESSIONS};
    return tls_server_new(&conf, ret_tls, err);
}

void tls_pair_done(struct tls_pair *pair)
{
    tls_server_free(pair->api);
    tls_server_free(pair->enroll);
    *pair = (struct tls_pair){0};
}

int tls_pair_make(const struct listeners_tls *tls, const struct tls_pair *first,
                  struct tls_pair *ret_pair, struct gb_err *err)
{
    struct tls_pair pair = {0};
    int r =
        first ? tls_server_share(first->api, &pair.api, err) : new_tls(tls, false, &pair.api, err);
    if (r == GB_OK)
        r = first ? tls_server_share(first->enroll, &pair.enroll, err)
                  : new_tls(tls, true, &pair.enroll, err);
    if (r < 0)
        tls_pair_done(&pair);
    else
        *ret_pair = pair;
    return r;
}
