#include "keyd/nonces.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "keyd/slots.h"

struct nonces {
    pthread_mutex_t lock;
    struct slots slots;
};

int nonces_new(size_t max, struct nonces **ret_nonces, struct gb_err *err)
{
    gb_cleanup(nonces_freep) struct nonces *nonces = gb_calloc(1, sizeof *nonces);
    if (!nonces)
        return gb_err_nomem(err);
    pthread_mutex_init(&nonces->lock, NULL);
    int r = slots_init(&nonces->slots, max, err);
    if (r < 0)
        return r;
    *ret_nonces = gb_take(nonces);
    return GB_OK;
}

void nonces_free(struct nonces *nonces)
{
    if (!nonces)
        return;
    slots_done(&nonces->slots);
    pthread_mutex_destroy(&nonces->lock);
    gb_free(nonces);
}

void nonces_freep(struct nonces **nonces)
{
    nonces_free(*nonces);
}

int nonces_issue(struct nonces *nonces, int64_t now_ms, uint8_t ret_nonce[32], struct gb_err *err)
{
    size_t place = 0;
    pthread_mutex_lock(&nonces->lock);
    int r = slots_add(&nonces->slots, now_ms, NONCE_LIFE_MS, &place, err);
    if (r == 0)
        memcpy(ret_nonce, nonces->slots.slots[place].id, SLOT_ID);
    pthread_mutex_unlock(&nonces->lock);
    return r;
}

int nonces_take(struct nonces *nonces, int64_t now_ms, const uint8_t nonce[32], struct gb_err *err)
{
    size_t place = 0;
    pthread_mutex_lock(&nonces->lock);
    bool found = slots_find(&nonces->slots, nonce, SLOT_ID, now_ms, &place);
    if (found)
        slots_drop(&nonces->slots, place);
    pthread_mutex_unlock(&nonces->lock);
    return found ? GB_OK : gb_err_set(err, GB_ERR_AGAIN, "the nonce is unknown, used or expired");
}
