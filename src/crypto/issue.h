/* Certificates that Garboard issues (X.509 v3, ECDSA P-256 with SHA-256), and requests for them
 * (PKCS#10). Roles are told by a SPIFFE ID in the subjectAltName:
 * spiffe://<trust-domain>/node/<UUID>, /operator/<name>, /server. */
#ifndef GB_CRYPTO_ISSUE_H
#define GB_CRYPTO_ISSUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/key.h"
#include "crypto/signer.h"

enum issue_role { ISSUE_NONE, ISSUE_CA, ISSUE_SERVER, ISSUE_CLIENT };

struct issue {
    enum issue_role role;
    const char *common_name;  /* at most 64 characters */
    const char *spiffe_id;    /* URI of the subjectAltName; NULL for the CA */
    const char *const *names; /* DNS names and IP addresses, NULL-terminated; may be NULL */
    const uint8_t *ak;        /* SHA-256 over the TPMT_PUBLIC of the AK that this node enrolled
                                 with, for a private extension; NULL: none */
    int64_t not_before_s;
    int64_t not_after_s;
};

/* The CA's own certificate. All certificates come as PEM. */
GB_MUST_USE int issue_ca(const struct signer *ca, const struct issue *what, struct gb_buf *ret_pem,
                         struct gb_err *err);
/* For `subject`, signed by `ca` whose certificate is `ca_pem`; the serial is random. */
GB_MUST_USE int issue_cert(const struct signer *ca, struct gb_bytes ca_pem,
                           const struct key *subject, const struct issue *what,
                           struct gb_buf *ret_pem, struct gb_err *err);

/* A request (PEM or DER) whose own signature holds; only its key is taken, names in it are ignored.
 * GB_ERR_INPUT. The caller frees. */
GB_MUST_USE int issue_request_key(struct gb_bytes csr, struct key **ret_key, struct gb_err *err);
/* A request made by a program that holds its key; nodes make theirs in tpm/. */
GB_MUST_USE int issue_request(const struct signer *signer, const char *common_name,
                              struct gb_buf *ret_pem, struct gb_err *err);

/* What a certificate that we issued says, after its signature by `ca_pem` was checked. Strings are
 * in the arena. */
struct issued {
    const char *spiffe_id;
    int64_t not_before_s;
    int64_t not_after_s;
    uint8_t fingerprint[32]; /* SHA-256 over the SubjectPublicKeyInfo */
    bool has_ak;
    uint8_t ak[32]; /* as in struct issue */
};
GB_MUST_USE int issued_read(struct gb_arena *arena, struct gb_bytes cert_pem,
                            struct gb_bytes ca_pem, struct issued *ret_issued, struct gb_err *err);
/* SHA-256 over the SubjectPublicKeyInfo of the first certificate of a PEM: what join tokens pin. */
GB_MUST_USE int issued_fingerprint(struct gb_bytes cert_pem, uint8_t out[32], struct gb_err *err);

#endif
