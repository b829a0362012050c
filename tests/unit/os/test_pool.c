#include <pthread.h>
#include <stdatomic.h>

#include "../test.h"
#include "os/pool.h"

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    atomic_uint ran;
    atomic_uint entered;
    atomic_uint workers_seen;
};

static void pass(void *ctx, unsigned worker)
{
    struct gate *gate = ctx;
    atomic_fetch_or(&gate->workers_seen, 1U << worker);
    atomic_fetch_add(&gate->entered, 1);
    pthread_mutex_lock(&gate->lock);
    while (!gate->open)
        pthread_cond_wait(&gate->opened, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    atomic_fetch_add(&gate->ran, 1);
}

static void full_is_an_answer_and_what_waits_is_done_at_the_end(void **state)
{
    (void)state;
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
    struct pool *pool;
    assert_int_equal(pool_new(2, 3, &pool, NULL), GB_OK);
    for (unsigned i = 1; i <= 2; i++) {
        assert_true(pool_run(pool, pass, &gate));
        while (atomic_load(&gate.entered) < i)
            usleep(100);
    }
    for (int i = 0; i < 3; i++)
        assert_true(pool_run(pool, pass, &gate));
    assert_false(pool_run(pool, pass, &gate));
    assert_int_equal(pool_waiting(pool), 3);
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
    pool_free(pool);
    assert_int_equal(atomic_load(&gate.ran), 5);
    assert_int_equal(atomic_load(&gate.workers_seen), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_is_an_answer_and_what_waits_is_done_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
