/* Certificates of endorsement keys: TCG EK Credential Profile 2.5. OpenSSL does the path; the TPM
 * rules are ours. Certificates and stores may be shared by threads once they are filled. */
#ifndef GB_CRYPTO_X509_H
#define GB_CRYPTO_X509_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/key.h"

struct x509_cert;  /* one certificate */
struct x509_store; /* some certificates: roots, or untrusted intermediates */

/* One DER certificate. Bytes after it are an error, except padding of 00 or ff that NV indexes
 * have. GB_ERR_INPUT, LIMIT, NOMEM. */
GB_MUST_USE int x509_from_der(struct gb_bytes der, struct x509_cert **ret_cert, struct gb_err *err);
void x509_free(struct x509_cert *cert);
void x509_freep(struct x509_cert **cert);

GB_MUST_USE int x509_store_new(struct x509_store **ret_store, struct gb_err *err);
void x509_store_free(struct x509_store *store);
void x509_store_freep(struct x509_store **store);
/* All certificates of a PEM file (text around them and other blocks are ignored) or one DER
 * certificate; none at all is GB_ERR_INPUT, and a bad one leaves the store as it was. GB_ERR_LIMIT
 * past GB_LIMIT_CERTS. */
GB_MUST_USE int x509_store_add(struct x509_store *store, struct gb_bytes pem_or_der,
                               struct gb_err *err);
size_t x509_store_count(const struct x509_store *store);

enum x509_answer {
    X509_REFUSED, /* no chain to a root; `reason` says why */
    X509_EXPIRED, /* all else is well, but some certificate is outside its validity; `reason` names
                     it and the dates: "CN=x: 2020-01-01 to 2022-01-01" */
    X509_TRUSTED,
};

struct x509_result {
    enum x509_answer answer;
    const char *reason; /* printable, in the arena */
    const char *root;   /* subject of the root reached, printable; NULL when refused */
};

/*
 * Whether an EK certificate chains to one of `roots` (self-signed or not: what the operator pins is
 * trusted), with help of `intermediates` (untrusted; NULL is none). `time_s`: seconds since 1970,
 * UTC. CA:TRUE and keyCertSign are required of every issuer (a pinned root may lack the key usage
 * extension), and a key that key_weakness accepts; signatures need SHA-256 or longer (SHA-1 only
 * where a root signs itself). The EK's own key and usage are judged by x509_key and x509_ek_fault.
 * No CRL and no network is consulted. GB_ERR_NOMEM.
 */
GB_MUST_USE int x509_verify_ek(struct gb_arena *arena, const struct x509_cert *cert,
                               const struct x509_store *roots,
                               const struct x509_store *intermediates, int64_t time_s,
                               struct x509_result *ret_result, struct gb_err *err);

/* What an EK certificate says of its TPM: subjectAltName directoryName 2.23.133.2.1-3
 * ("id:494E5443"); NULL when absent. */
struct x509_tpm {
    const char *manufacturer;
    const char *model;
    const char *version;
};

/* Checks the leaf alone: not a CA, keyEncipherment or keyAgreement, extended key usage 2.23.133.8.1
 * where there is any (makers leave it out). Returns NULL when it is the certificate of an EK, else
 * why not (literal). */
const char *x509_ek_fault(const struct x509_cert *cert);
GB_MUST_USE int x509_tpm(struct gb_arena *arena, const struct x509_cert *cert,
                         struct x509_tpm *ret_tpm, struct gb_err *err);
/* SHA-256 over the certificate's SubjectPublicKeyInfo. GB_ERR_INPUT. */
GB_MUST_USE int x509_fingerprint(const struct x509_cert *cert, uint8_t out[32], struct gb_err *err);
/* The certified key; the caller frees it. */
GB_MUST_USE int x509_key(const struct x509_cert *cert, struct key **ret_key, struct gb_err *err);

#endif
