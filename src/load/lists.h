/* The logs that all simulated machines share: one boot log, and IMA entries that are made once.
 * Read-only after lists_init: any thread. */
#ifndef GB_LOAD_LISTS_H
#define GB_LOAD_LISTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

struct list_entry {
    struct gb_bytes record; /* binary_runtime_measurements */
    uint8_t extend[32];     /* SHA-256 of its template data */
};

struct lists {
    struct gb_bytes boot_log;
    uint8_t boot_log_digest[32];
    uint8_t pcrs[16][32]; /* after the boot; PCR 10 with the boot_aggregate alone */
    struct list_entry aggregate;
    struct list_entry *files; /* the list's entry i > 0 is files[(i - 1) % count] */
    size_t count;
};

/* `files`: how many different ones are measured before the first comes again. */
GB_MUST_USE int lists_init(struct gb_arena *arena, struct digester *digester, size_t files,
                           struct lists *ret_lists, struct gb_err *err);
const struct list_entry *lists_entry(const struct lists *lists, uint64_t index);
/* A reference set that knows `known` files, the first of which are those of the lists. */
GB_MUST_USE int lists_reference(struct digester *digester, size_t known, struct gb_buf *out,
                                struct gb_err *err);

#endif
