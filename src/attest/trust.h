/* What we trust, made of the bytes of files: the same for the command line, the server and keyd.
 * Pure: who calls reads the files and finds the seed. */
#ifndef GB_ATTEST_TRUST_H
#define GB_ATTEST_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include "attest/attest.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "policy/policy.h"

struct trust_parts {
    const struct policy_file *policies; /* YAML documents */
    size_t policy_count;
    const struct policy_file *roots; /* certificates of EK makers, PEM or DER */
    size_t root_count;
    uint64_t seed; /* random: whoever chooses digests must not know how they are spread */
};

/*
 * Reads all parts. The policy lives in the arena and borrows nothing of the parts' bytes beyond
 * what policy_read borrows; *ret_roots (NULL when there are no roots) owns what trust->anchors
 * borrows. trust->id names the whole: SHA-256 over all parts in their order, cut to 64 bits, never
 * 0. GB_ERR_CONFIG names file and line; LIMIT, NOMEM.
 */
GB_MUST_USE int trust_read(struct gb_arena *arena, struct digester *digester,
                           const struct trust_parts *parts, struct trust *ret_trust,
                           struct x509_store **ret_roots, struct gb_err *err);

#endif
