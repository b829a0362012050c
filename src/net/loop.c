#include "net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/loop_base.h"

struct post {
    void (*fn)(void *ctx);
    void *ctx;
    struct post *next;
};

struct watch { /* a signal */
    struct event *event;
    void (*fn)(void *ctx);
    void *ctx;
    struct watch *next;
};

/* The base belongs to one thread and has no locks; others reach it by the eventfd alone. */
struct loop {
    struct event_base *base;
    struct event *wake_event;
    int wake;
    struct watch *watches;
    pthread_mutex_t lock; /* guards what follows */
    struct post *first;
    struct post **last;
    bool stopping;
};

struct loop_timer {
    struct event *event;
    void (*fn)(void *ctx);
    void *ctx;
};

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

static struct post *take_posts(struct loop *loop, bool *ret_stopping)
{
    pthread_mutex_lock(&loop->lock);
    struct post *first = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    *ret_stopping = loop->stopping;
    pthread_mutex_unlock(&loop->lock);
    return first;
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    (void)what;
    struct loop *loop = ctx;
    eventfd_t count = 0;
    (void)eventfd_read(fd, &count); /* only resets it; the list says what there is to do */
    bool stopping = false;
    for (struct post *post = take_posts(loop, &stopping); post;) {
        struct post *next = post->next;
        post->fn(post->ctx);
        gb_free(post);
        post = next;
    }
    if (stopping)
        event_base_loopbreak(loop->base);
}

/* Epoll alone, without locks: one thread uses the base. */
static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

int loop_new(struct loop **ret_loop, struct gb_err *err)
{
    gb_cleanup(loop_freep) struct loop *loop = gb_calloc(1, sizeof *loop);
    if (!loop)
        return gb_err_nomem(err);
    pthread_mutex_init(&loop->lock, NULL); /* cannot fail with default attributes */
    loop->last = &loop->first;
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->wake < 0)
        return gb_err_sys(err, errno, "eventfd");
    loop->base = new_base();
    if (!loop->base)
        return gb_err_set(err, GB_ERR_IO, "no event base: out of memory, or epoll is forbidden");
    loop->wake_event = event_new(loop->base, loop->wake, EV_READ | EV_PERSIST, on_wake, loop);
    if (!loop->wake_event || event_add(loop->wake_event, NULL) != 0)
        return gb_err_nomem(err);
    /* A peer that is gone is an error of write(2), not the end of the program. */
    (void)signal(SIGPIPE, SIG_IGN); // NOLINT(cert-sig*): any thread may write
    *ret_loop = gb_take(loop);
    return GB_OK;
}

static void free_watches(struct watch *watch)
{
    while (watch) {
        struct watch *next = watch->next;
        event_free(watch->event);
        gb_free(watch);
        watch = next;
    }
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    bool stopping = false;
    for (struct post *post = take_posts(loop, &stopping); post;) {
        struct post *next = post->next;
        gb_free(post);
        post = next;
    }
    free_watches(loop->watches);
    if (loop->wake_event)
        event_free(loop->wake_event);
    if (loop->base)
        event_base_free(loop->base);
    if (loop->wake >= 0)
        (void)close(loop->wake);
    pthread_mutex_destroy(&loop->lock);
    gb_free(loop);
}

void loop_freep(struct loop **loop)
{
    loop_free(*loop);
}

int loop_run(struct loop *loop, struct gb_err *err)
{
    /* loopbreak may meet no running loop (stopped before it began): the wake is still pending then
     * and breaks the first turn. */
    if (event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
        return gb_err_set(err, GB_ERR_IO, "the event loop failed");
    pthread_mutex_lock(&loop->lock);
    loop->stopping = false; /* it may run again */
    pthread_mutex_unlock(&loop->lock);
    return GB_OK;
}

void loop_stop(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->stopping = true;
    pthread_mutex_unlock(&loop->lock);
    (void)eventfd_write(loop->wake, 1);
}

bool loop_post(struct loop *loop, void (*fn)(void *ctx), void *ctx)
{
    struct post *post = gb_calloc(1, sizeof *post);
    if (!post)
        return false;
    *post = (struct post){.fn = fn, .ctx = ctx};
    pthread_mutex_lock(&loop->lock);
    *loop->last = post;
    loop->last = &post->next;
    pthread_mutex_unlock(&loop->lock);
    (void)eventfd_write(loop->wake, 1);
    return true;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct loop_timer *timer = ctx;
    timer->fn(timer->ctx);
}

int loop_timer_new(struct loop *loop, void (*fn)(void *ctx), void *ctx,
                   struct loop_timer **ret_timer, struct gb_err *err)
{
    struct loop_timer *timer = gb_calloc(1, sizeof *timer);
    if (!timer)
        return gb_err_nomem(err);
    *timer = (struct loop_timer){.fn = fn, .ctx = ctx};
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    if (!timer->event) {
        gb_free(timer);
        return gb_err_nomem(err);
    }
    *ret_timer = timer;
    return GB_OK;
}

void loop_timer_set(struct loop_timer *timer, int64_t after_ms)
{
    int64_t ms = after_ms > 0 ? after_ms : 0;
    struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)event_add(timer->event, &after);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    event_free(timer->event);
    gb_free(timer);
}

static void on_signal(evutil_socket_t signo, short what, void *ctx)
{
    (void)signo;
    (void)what;
    struct watch *watch = ctx;
    watch->fn(watch->ctx);
}

int loop_on_signal(struct loop *loop, int signo, void (*fn)(void *ctx), void *ctx,
                   struct gb_err *err)
{
    struct watch *watch = gb_calloc(1, sizeof *watch);
    if (!watch)
        return gb_err_nomem(err);
    *watch = (struct watch){.fn = fn, .ctx = ctx, .next = loop->watches};
    watch->event = evsignal_new(loop->base, signo, on_signal, watch);
    if (!watch->event || event_add(watch->event, NULL) != 0) {
        if (watch->event)
            event_free(watch->event);
        gb_free(watch);
        return gb_err_nomem(err);
    }
    loop->watches = watch;
    return GB_OK;
}
