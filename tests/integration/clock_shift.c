/*
 * Preloaded into a program, it lets days pass: the calendar's clock is CLOCK_SHIFT_S seconds ahead.
 * Clocks that measure spans stay as they are.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#pragma GCC visibility push(default)

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    const char *shift = getenv("CLOCK_SHIFT_S");
    int r = (int)syscall(SYS_clock_gettime, clock, ret_now);
    if (r == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret_now->tv_sec += strtol(shift, NULL, 10);
    return r;
}

time_t time(time_t *ret_now)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_now)
        *ret_now = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
    struct timespec now = {0};
    (void)zone;
    int r = clock_gettime(CLOCK_REALTIME, &now);
    *ret_now = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return r;
}
