/* One attestation of one machine after another. */
#ifndef GB_LOAD_ROUND_H
#define GB_LOAD_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "load/mimic.h"
#include "net/tls_link.h"

struct next { /* what the server asked for with its last answer */
    bool known;
    uint8_t nonce[64];
    size_t nonce_len;
    bool boot_log;
    uint64_t ima_from;
};

/* What a thread reuses from round to round. */
struct round {
    const struct lists *lists;
    struct digester *digester;
    struct gb_arena *arena;
    struct gb_buf attest, signature, ima, evidence, answer;
};

void round_init(struct round *round, const struct lists *lists, struct digester *digester,
                struct gb_arena *arena);
void round_done(struct round *round);

enum round_told { ROUND_TRUSTED, ROUND_UNTRUSTED, ROUND_AGAIN };

/* Asks for a nonce where none is known. An error says that the server refused or was not there. */
GB_MUST_USE int round_run(struct round *round, struct mimic *machine, struct tls_link *link,
                          struct next *next, enum round_told *ret_told, struct gb_err *err);

#endif
