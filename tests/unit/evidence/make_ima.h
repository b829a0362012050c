/*
 * Makes IMA lists for tests, as the kernel writes them: the binary form and the ASCII form of the
 * same entries side by side. Nothing is copied from a machine.
 */
#ifndef GB_TESTS_UNIT_MAKE_IMA_H
#define GB_TESTS_UNIT_MAKE_IMA_H

#include "base/buf.h"
#include "crypto/digest.h"

struct make_ima {
    enum digest_alg alg; /* of the template digests */
    struct digester *digester;
    struct gb_buf binary;
    struct gb_buf ascii;
};

enum make_ima_kind {
    MAKE_IMA_HEX,    /* d, sig, buf, ...: bytes, printed as hex */
    MAKE_IMA_DIGEST, /* d-ng, d-ngv2: `words` ("sha256:"), NUL, bytes */
    MAKE_IMA_TEXT,   /* n, n-ng: the NUL is added */
    MAKE_IMA_NUMBER, /* iuid, imode: little-endian of `len` bytes, printed in decimal */
};

struct make_ima_field {
    enum make_ima_kind kind;
    const void *data;
    size_t len;
    const char *words;
};

/* Lists end with the test: the makers assert that memory and libcrypto do not fail. */
void make_ima_init(struct make_ima *m, enum digest_alg alg);
void make_ima_done(struct make_ima *m);

/* One entry. `violation` writes a template digest of zeros. */
void make_ima_add(struct make_ima *m, uint32_t pcr, const char *template,
                  const struct make_ima_field *fields, size_t count, bool violation);
/* Template "ima": a digest of 20 bytes. */
void make_ima_legacy(struct make_ima *m, const uint8_t digest[20], const char *name);

/* "ima-ng" in PCR 10; `digest` is the file's SHA-256. */
void make_ima_file(struct make_ima *m, const char *path, const uint8_t digest[32]);
/* The same, where every byte of the digest is `fill`. */
void make_ima_filled(struct make_ima *m, const char *path, uint8_t fill);
/* A file that was written while it was measured: zeros everywhere. */
void make_ima_violation(struct make_ima *m, const char *path);

#endif
