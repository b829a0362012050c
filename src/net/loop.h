/* An event loop: one a thread. The only room to see libevent. */
#ifndef GB_NET_LOOP_H
#define GB_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

struct loop;

GB_MUST_USE int loop_new(struct loop **ret_loop, struct gb_err *err);
void loop_free(struct loop *loop);
void loop_freep(struct loop **loop);
/* Until loop_stop. On the thread that shall own it. */
GB_MUST_USE int loop_run(struct loop *loop, struct gb_err *err);
/* Any thread; a signal handler may not. */
void loop_stop(struct loop *loop);
/* Runs fn(ctx) on the loop's thread, in order. Any thread; false when out of memory (nothing will
 * run). */
GB_MUST_USE bool loop_post(struct loop *loop, void (*fn)(void *ctx), void *ctx);
/* Loop only. */
struct loop_timer;
GB_MUST_USE int loop_timer_new(struct loop *loop, void (*fn)(void *ctx), void *ctx,
                               struct loop_timer **ret_timer, struct gb_err *err);
void loop_timer_set(struct loop_timer *timer,
                    int64_t after_ms); /* once; sets anew when set already */
void loop_timer_free(struct loop_timer *timer);
/* SIGTERM, SIGINT, SIGHUP... as events of this loop. */
GB_MUST_USE int loop_on_signal(struct loop *loop, int signo, void (*fn)(void *ctx), void *ctx,
                               struct gb_err *err);

#endif
