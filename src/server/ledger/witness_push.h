/* One checkpoint to one witness, and what its answer means. */
#ifndef GB_SERVER_WITNESS_PUSH_H
#define GB_SERVER_WITNESS_PUSH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "net/http_client.h"
#include "server/ledger/witness_line.h"

struct witness_push {
    struct gb_arena *arena;
    struct digester *digester;
    struct http_client *client;
    const struct witness_line *line;
    const char *ledger;   /* folder of the log */
    const char *vkeys;    /* of our own, one a line */
    struct gb_bytes note; /* newest that our key signed */
    uint64_t known_size;  /* what the witness has co-signed, as far as we know; 0 when we do not */

    struct gb_bytes cosignature; /* result: one line, verified over the note's text */
    struct gb_bytes evidence;    /* result of DENIED: what the witness holds, signed by our key */
};

/*
 * 0: co-signed. GB_ERR_DENIED: the log forked, proven by a checkpoint that our own key signed and
 * that is not of this tree: the text says how. Whatever else a witness answers proves nothing
 * against us, however loud: GB_ERR_AGAIN (refused), IO (no answer), INPUT (an answer that is none),
 * and our own failures. Waits for the network.
 */
GB_MUST_USE int witness_push(struct witness_push *push, struct gb_err *err);

#endif
