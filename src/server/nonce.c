#include "server/nonce.h"

#include "crypto/rand.h"

int nonce_issue(struct nonce *nonce, int64_t now_ms, int64_t now_s, struct gb_err *err)
{
    struct nonce fresh = {.outstanding = true, .issued_ms = now_ms, .issued_s = now_s};
    *nonce = (struct nonce){0};
    int r = rand_bytes(fresh.bytes, sizeof fresh.bytes, err);
    if (r < 0)
        return r;
    *nonce = fresh;
    return GB_OK;
}

enum nonce_answer nonce_take(struct nonce *nonce, int64_t now_ms, int64_t life_ms, int64_t void_ms,
                             struct nonce *ret_nonce)
{
    struct nonce taken = *nonce;
    *nonce = (struct nonce){0};
    if (!taken.outstanding)
        return NONCE_NONE;
    if (taken.issued_ms <= void_ms)
        return NONCE_VOID;
    if (now_ms - taken.issued_ms > life_ms)
        return NONCE_EXPIRED;
    *ret_nonce = taken;
    return NONCE_TAKEN;
}
