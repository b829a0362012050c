/* A write of the store that its caller waits for: the sequencer's thread, which has no loop. */
#ifndef GB_SERVER_STORE_WAIT_H
#define GB_SERVER_STORE_WAIT_H

#include <pthread.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"

struct store_wait {
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done;
    int result;
    struct gb_err err;
};

void store_wait_init(struct store_wait *wait);
/* A store_done; `wait` is a struct store_wait. */
void store_wait_told(void *wait, int result, const struct gb_err *err);
/* Once for each init. Returns what the callback was told. */
GB_MUST_USE int store_wait_for(struct store_wait *wait, struct gb_err *err);

#endif
