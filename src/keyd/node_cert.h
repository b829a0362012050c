/* The certificates that keyd writes, and reads again. */
#ifndef GB_KEYD_NODE_CERT_H
#define GB_KEYD_NODE_CERT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "keyd/desk.h"
#include "rpc/keyd.h"

/* What a certificate says of its holder. */
enum node_cert_kind {
    NODE_CERT_NONE,
    NODE_CERT_JOINING, /* spiffe://<domain>/joining/<id>: a genuine TPM, nothing of its state */
    NODE_CERT_NODE,    /* spiffe://<domain>/node/<id>: trusted, as keyd itself judged */
};

/* "01890a5d-ac96-774b-bcce-b302099a8057"; NULL when out of memory. */
const char *node_cert_uuid(struct gb_arena *arena, const uint8_t id[16]);
/* The SPIFFE ID; NULL when out of memory. */
const char *node_cert_name(struct desk *desk, enum node_cert_kind kind, const uint8_t id[16]);

/* `ak`: SHA-256 over the AK's TPMT_PUBLIC. */
GB_MUST_USE int node_cert_issue(struct desk *desk, enum node_cert_kind kind,
                                const uint8_t node_id[16], const uint8_t ak[32],
                                const struct key *key, struct keyd_certificate *ret_certificate,
                                struct gb_err *err);
GB_MUST_USE int server_cert_issue(struct desk *desk, const struct key *key,
                                  struct keyd_certificate *ret_certificate, struct gb_err *err);

/* A node's certificate of either kind that we issued, valid now or ended at most `grace_s` ago.
 * GB_ERR_DENIED with the reason, INPUT. */
GB_MUST_USE int node_cert_read(struct desk *desk, struct gb_bytes pem, int64_t grace_s,
                               uint8_t ret_node_id[16], struct issued *ret_issued,
                               struct gb_err *err);

#endif
