#include "server/store_wait.h"

#include <pthread.h>

void store_wait_init(struct store_wait *wait)
{
    *wait = (struct store_wait){.done = false};
    pthread_mutex_init(&wait->lock, NULL);
    pthread_cond_init(&wait->told, NULL);
}

void store_wait_told(void *ctx, int result, const struct gb_err *err)
{
    struct store_wait *wait = ctx;
    pthread_mutex_lock(&wait->lock);
    wait->done = true;
    wait->result = result;
    if (err)
        wait->err = *err;
    pthread_cond_signal(&wait->told);
    pthread_mutex_unlock(&wait->lock);
}

int store_wait_for(struct store_wait *wait, struct gb_err *err)
{
    pthread_mutex_lock(&wait->lock);
    while (!wait->done)
        pthread_cond_wait(&wait->told, &wait->lock);
    pthread_mutex_unlock(&wait->lock);
    pthread_cond_destroy(&wait->told);
    pthread_mutex_destroy(&wait->lock);
    if (wait->result < 0 && err)
        *err = wait->err;
    return wait->result;
}
