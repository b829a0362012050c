/* Certificates of the tests' own making, good and bad. */
#ifndef GB_TESTS_MAKE_CERT_H
#define GB_TESTS_MAKE_CERT_H

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

/* What is NULL is left out; the strings are in the words of OpenSSL's configuration files. */
struct make_cert {
    const char *subject; /* NULL: an empty name */
    EVP_PKEY *key;       /* NULL: a new P-256 key */
    X509 *issuer;        /* NULL: signs itself */
    EVP_PKEY *issuer_key;
    const char *basic;     /* "critical,CA:TRUE" */
    const char *usage;     /* "critical,keyCertSign" */
    const char *ext_usage; /* "2.23.133.8.1" */
    const char *tpm;       /* manufacturer in a critical subjectAltName, with model and version */
    const char *custom;    /* OID of one more extension, critical, holding NULL */
    const char *hash;      /* "SHA256" when NULL */
    int64_t from_s, to_s;  /* 0: from 2020, to 2040 */
};

/* Aborts the test on failure. */
X509 *make_cert(const struct make_cert *how);

/* Returns the length. */
size_t make_cert_der(const X509 *cert, uint8_t out[8192]);

#endif
