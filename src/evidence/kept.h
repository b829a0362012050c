/*
 * Evidence that was kept, put together again as the state at one moment: one CBOR map
 * (docs/formats/kept-evidence.md), media type application/vnd.garboard.kept-evidence+cbor.
 * garboardd hands it out, `garboard verify --node` judges it again. Reader and writer side by side;
 * spans point into the input. Reading judges form only: nothing in it is believed but through
 * attest_again().
 */
#ifndef GB_EVIDENCE_KEPT_H
#define GB_EVIDENCE_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/bundle.h"

#define KEPT_MEDIA_TYPE "application/vnd.garboard.kept-evidence+cbor"
enum { KEPT_VERSION = 1, KEPT_TRANSPORT = 32, KEPT_BEFORE = 4096 };

struct kept_document {
    struct gb_bytes name; /* "NodePolicy/nodes" */
    struct gb_bytes text; /* as it was applied, with its signatures */
};

struct kept_documents {
    const struct kept_document *items;
    size_t count;
};

struct kept {
    struct bundle bundle;  /* whole: the IMA list from entry 0 */
    struct gb_bytes nonce; /* as it was issued; the quote answers verify/binding.h's digest of it */
    struct gb_bytes transport; /* KEPT_TRANSPORT bytes: fingerprint of the transport key */
    int64_t issued_s;          /* "verified at" of its verdict */
    int64_t judged_s;
    struct gb_bytes before; /* progress_write of what was held before it (T12) */
    struct gb_bytes facts;  /* {"name","labels"} of the node then, JSON */
    struct gb_bytes
        verdict;       /* that stood then, as it was recorded, JSON; data NULL: none is kept */
    uint64_t trust_id; /* of the documents that judged it */
    struct kept_documents then;  /* which judged it */
    struct kept_documents now;   /* in force when it was handed out */
    struct kept_documents roots; /* makers' roots that the server trusts now, PEM or DER */
    struct gb_bytes facts_now;   /* as `facts`, when it was handed out */
};

/* GB_ERR_INPUT, LIMIT: "key 5: ...", with the byte offset; GB_ERR_NOMEM. */
GB_MUST_USE int kept_read(struct gb_arena *arena, struct gb_bytes in, struct kept *ret_kept,
                          struct gb_err *err);
/* Failure sticks in the buffer. */
void kept_write(struct gb_buf *out, const struct kept *kept);

#endif
