#include "os/pool.h"

#include <pthread.h>
#include <signal.h>

#include "base/mem.h"

struct task {
    pool_job *job;
    void *ctx;
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    unsigned index;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct task *ring; /* owned */
    size_t capacity;
    size_t first;
    size_t count;
    bool ending;
    struct worker *workers; /* owned */
    unsigned started;
};

/* False when the pool ends and nothing waits. */
static bool next_task(struct pool *pool, struct task *ret_task)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->count == 0 && !pool->ending)
        pthread_cond_wait(&pool->work, &pool->lock);
    bool found = pool->count > 0;
    if (found) {
        *ret_task = pool->ring[pool->first];
        pool->first = (pool->first + 1) % pool->capacity;
        pool->count--;
    }
    pthread_mutex_unlock(&pool->lock);
    return found;
}

static void *work(void *ctx)
{
    struct worker *worker = ctx;
    struct task task;
    while (next_task(worker->pool, &task))
        task.job(task.ctx, worker->index);
    return NULL;
}

/* Signals belong to the loop that asked for them. */
static int start(struct pool *pool, unsigned index, struct gb_err *err)
{
    struct worker *worker = &pool->workers[index];
    sigset_t all, old;
    *worker = (struct worker){.pool = pool, .index = index};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int sys = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (sys != 0)
        return gb_err_sys(err, sys, "cannot start a thread");
    pool->started++;
    return GB_OK;
}

int pool_new(unsigned workers, size_t capacity, struct pool **ret_pool, struct gb_err *err)
{
    struct pool *pool = gb_calloc(1, sizeof *pool);
    if (!pool)
        return gb_err_nomem(err);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->capacity = capacity;
    pool->ring = gb_calloc(capacity, sizeof *pool->ring);
    pool->workers = gb_calloc(workers, sizeof *pool->workers);
    if (!pool->ring || !pool->workers) {
        pool_free(pool);
        return gb_err_nomem(err);
    }
    int r = GB_OK;
    for (unsigned i = 0; r == GB_OK && i < workers; i++)
        r = start(pool, i, err);
    if (r < 0) {
        pool_free(pool);
        return r;
    }
    *ret_pool = pool;
    return GB_OK;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    gb_free(pool->workers);
    gb_free(pool->ring);
    gb_free(pool);
}

bool pool_run(struct pool *pool, pool_job *job, void *ctx)
{
    pthread_mutex_lock(&pool->lock);
    bool room = pool->count < pool->capacity && !pool->ending;
    if (room) {
        pool->ring[(pool->first + pool->count) % pool->capacity] = (struct task){job, ctx};
        pool->count++;
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return room;
}

size_t pool_waiting(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t count = pool->count;
    pthread_mutex_unlock(&pool->lock);
    return count;
}
