/*
 * What travels between garboardd and keyd: docs/formats/keyd-rpc.md. A message is a CBOR array
 * [version, id, kind, map]; one const table says which fields each kind has, and drives reader and
 * writer. Spans point into the input. Every field is there, in order, and nothing else.
 */
#ifndef GB_RPC_MESSAGES_H
#define GB_RPC_MESSAGES_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "rpc/keyd.h"

enum { RPC_VERSION = 2 };

enum rpc_kind {
    RPC_NONE,
    RPC_STATUS,
    RPC_CHALLENGE,
    RPC_CERTIFY,
    RPC_NONCE,
    RPC_RENEW,
    RPC_TOKEN,
    RPC_SERVER_CERT,
    RPC_LEDGER_STATE,
    RPC_LEDGER_SIGN,
    RPC_POLICY,
    RPC_KINDS
};

/* "certify"; "none" for anything else. */
const char *rpc_kind_name(enum rpc_kind kind);

struct rpc_request {
    uint64_t id;
    enum rpc_kind kind;
    union {
        struct keyd_challenge_ask challenge;
        struct keyd_certify_ask certify;
        struct keyd_renew_ask renew;
        struct keyd_token_ask token;
        struct rpc_server_cert_ask {
            struct gb_bytes csr;
        } server_cert;
        struct keyd_ledger_ask ledger_sign;
        struct keyd_policy_ask policy;
    };
};

struct rpc_reply {
    uint64_t id;
    enum rpc_kind kind; /* of the request; none: refused, and why */
    union {
        struct rpc_refusal {
            uint64_t code; /* of enum gb_err_code, without its sign */
            const char *text;
        } refusal;
        struct keyd_status status;
        struct keyd_challenge challenge;
        struct keyd_certificate certificate; /* certify, renew, server_cert */
        struct rpc_nonce {
            uint8_t nonce[32];
        } nonce;
        struct rpc_jwt {
            const char *jwt;
        } token;
        struct keyd_ledger ledger_state;
        struct rpc_checkpoint {
            const char *note;
        } ledger_sign;
    };
};

/* GB_ERR_INPUT with the offset, LIMIT, NOMEM. A kind or version that is not known is GB_ERR_INPUT;
 * ret->id tells what could be read of it (0 when nothing), so that a refusal finds its asker. */
GB_MUST_USE int rpc_request_read(struct gb_arena *arena, struct gb_bytes in,
                                 struct rpc_request *ret_request, struct gb_err *err);
GB_MUST_USE int rpc_reply_read(struct gb_arena *arena, struct gb_bytes in,
                               struct rpc_reply *ret_reply, struct gb_err *err);
/* Failure sticks in the buffer. */
void rpc_request_write(struct gb_buf *out, const struct rpc_request *request);
void rpc_reply_write(struct gb_buf *out, const struct rpc_reply *reply);

#endif
