/*
 * IMA runtime measurement lists, binary and ASCII: Documentation/security/IMA-templates.rst of
 * Linux, ima_template*.c. Reading judges form only.
 */
#ifndef GB_EVIDENCE_IMA_H
#define GB_EVIDENCE_IMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

/* What one entry says. Compact: a list holds tens of thousands. Spans point into the input, or for
 * ASCII lists into the arena, where the template data are rebuilt byte for byte. */
struct ima_entry {
    const uint8_t
        *template_digest;          /* ima_log.template_digest_size bytes; all zero is a violation */
    struct gb_bytes template_data; /* what the template digest covers (for `ima` the padded name is
                                      implied, see is_legacy) */
    struct gb_bytes template_name; /* "ima-ng" or a custom format "d-ng|n-ng" */
    struct gb_bytes file_digest;   /* empty when the template has none */
    struct gb_bytes path;          /* n or n-ng, without closing NUL; empty when none */
    struct gb_bytes signature;     /* sig / modsig, empty when none */
    struct gb_bytes buffer;        /* buf of ima-buf: critical data, keys, kexec command line */
    uint32_t pcr;
    enum digest_alg file_alg; /* DIGEST_NONE when there is no digest or its algorithm is unknown */
    bool is_legacy;           /* template "ima": hashed as digest + name padded to 256 bytes */
    bool is_verity; /* "verity:" digests of ima-ngv2 and ima-sigv2: a fs-verity digest, not the
                       file's hash */
    bool is_violation;
};

struct ima_log {
    struct ima_entry *entries;
    size_t count;
    size_t first; /* the place of entries[0] in the whole list: 0 unless it was sent in parts */
    enum digest_alg template_alg; /* algorithm of the template digests in this list */
    size_t template_digest_size;
};

/*
 * Reads a list; binary and ASCII are told apart by themselves. `template_alg` DIGEST_NONE means:
 * find out (SHA-1 unless the list can only be read otherwise). Errors: "entry 41: ...", with the
 * byte offset.
 */
GB_MUST_USE int ima_read(struct gb_arena *arena, struct gb_bytes in, enum digest_alg template_alg,
                         struct ima_log *ret_log, struct gb_err *err);

/* Bytes of the list `in` that its first `count` entries take, which ima_read made of it. */
size_t ima_span(struct gb_bytes in, const struct ima_entry *entries, size_t count);

/* Computes H(template data) of one entry as the kernel does, padding for `ima` included. */
GB_MUST_USE int ima_template_digest(struct digester *digester, enum digest_alg alg,
                                    const struct ima_entry *entry, uint8_t *out);

/* Whether this is the boot_aggregate record (path "boot_aggregate", any template with n or n-ng).
 */
bool ima_is_boot_aggregate(const struct ima_entry *entry);

#endif
