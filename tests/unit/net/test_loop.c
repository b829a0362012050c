#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/loop.h"

enum { POSTS = 1000 };

struct ctx {
    struct loop *loop;
    struct loop_timer *timer;
    int seen;
    int signals;
    bool in_order;
};

struct numbered {
    struct ctx *ctx;
    int number;
};

static void note(void *arg)
{
    struct numbered *post = arg;
    struct ctx *ctx = post->ctx;
    ctx->in_order &= post->number == ctx->seen;
    if (++ctx->seen == POSTS)
        loop_stop(ctx->loop);
}

static void *run(void *arg)
{
    struct ctx *ctx = arg;
    assert_int_equal(loop_run(ctx->loop, NULL), 0);
    return NULL;
}

static void posts_run_in_order_on_the_loop(void **state)
{
    (void)state;
    static struct numbered posts[POSTS];
    struct ctx ctx = {.in_order = true};
    assert_int_equal(loop_new(&ctx.loop, NULL), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, &ctx), 0);
    for (int i = 0; i < POSTS; i++) {
        posts[i] = (struct numbered){.ctx = &ctx, .number = i};
        assert_true(loop_post(ctx.loop, note, &posts[i]));
    }
    pthread_join(thread, NULL);
    assert_int_equal(ctx.seen, POSTS);
    assert_true(ctx.in_order);
    loop_free(ctx.loop);
}

static void a_stop_before_the_run_counts(void **state)
{
    (void)state;
    struct loop *loop = NULL;
    assert_int_equal(loop_new(&loop, NULL), 0);
    loop_stop(loop);
    assert_int_equal(loop_run(loop, NULL), 0);
    loop_stop(loop); /* and once more: the first was used up */
    assert_int_equal(loop_run(loop, NULL), 0);
    loop_free(loop);
}

static void stop(void *arg)
{
    struct ctx *ctx = arg;
    ctx->seen++;
    loop_stop(ctx->loop);
}

static void again(void *arg)
{
    struct ctx *ctx = arg;
    if (++ctx->seen < 3)
        loop_timer_set(ctx->timer, 1);
    else
        loop_stop(ctx->loop);
}

static void timers_fire_once_a_setting(void **state)
{
    (void)state;
    struct ctx ctx = {0};
    assert_int_equal(loop_new(&ctx.loop, NULL), 0);
    assert_int_equal(loop_timer_new(ctx.loop, again, &ctx, &ctx.timer, NULL), 0);
    loop_timer_set(ctx.timer, 1000000);
    loop_timer_set(ctx.timer, -1); /* the later setting counts */
    assert_int_equal(loop_run(ctx.loop, NULL), 0);
    assert_int_equal(ctx.seen, 3);
    loop_timer_free(ctx.timer);
    loop_timer_free(NULL);
    loop_free(ctx.loop);
}

static void signals_are_events(void **state)
{
    (void)state;
    struct ctx ctx = {0};
    assert_int_equal(loop_new(&ctx.loop, NULL), 0);
    assert_int_equal(loop_on_signal(ctx.loop, SIGHUP, stop, &ctx, NULL), 0);
    raise(SIGHUP);
    assert_int_equal(loop_run(ctx.loop, NULL), 0);
    assert_int_equal(ctx.seen, 1);
    loop_free(ctx.loop);
}

static void what_did_not_run_is_forgotten(void **state)
{
    (void)state;
    struct ctx ctx = {0};
    assert_int_equal(loop_new(&ctx.loop, NULL), 0);
    assert_true(loop_post(ctx.loop, stop, &ctx));
    loop_free(ctx.loop);
    assert_int_equal(ctx.seen, 0);
    loop_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_run_in_order_on_the_loop),
        cmocka_unit_test(a_stop_before_the_run_counts),
        cmocka_unit_test(timers_fire_once_a_setting),
        cmocka_unit_test(signals_are_events),
        cmocka_unit_test(what_did_not_run_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
