#include "server/nodes/nonce.h"

#include <string.h>

#include "crypto/rand.h"

enum { KEYD_NONCE_MS = 50000 };

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

void keyd_nonce_keep(struct keyd_nonce *kept, const uint8_t bytes[NONCE_SIZE], int64_t now_ms)
{
    *kept = (struct keyd_nonce){.held = true, .issued_ms = now_ms};
    memcpy(kept->bytes, bytes, sizeof kept->bytes);
}

bool keyd_nonce_lives(const struct keyd_nonce *kept, int64_t now_ms)
{
    return kept->held && now_ms - kept->issued_ms < KEYD_NONCE_MS;
}

/* A malformed request, or one that did not reach keyd, may have left it as it was. When it did not,
 * the next use is answered AGAIN. */
void keyd_nonce_used(struct keyd_nonce *kept, const uint8_t bytes[NONCE_SIZE], int result)
{
    bool gone = result == GB_OK || result == GB_ERR_DENIED || result == GB_ERR_AGAIN;
    if (gone && kept->held && memcmp(kept->bytes, bytes, sizeof kept->bytes) == 0)
        *kept = (struct keyd_nonce){0};
}
