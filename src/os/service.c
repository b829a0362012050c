#include "os/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

static const char *const words[] = {
    [SERVICE_READY] = "READY=1",
    [SERVICE_RELOADING] = "RELOADING=1",
    [SERVICE_STOPPING] = "STOPPING=1",
    [SERVICE_ALIVE] = "WATCHDOG=1",
};

/* sd_notify(3): RELOADING= comes with the monotonic time in microseconds. */
static uint64_t monotonic_us(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void service_tell(enum service_state state, const char *status)
{
    char text[512];
    snprintf(text, sizeof text, "%s\nMONOTONIC_USEC=%" PRIu64 "%s%s", words[state], monotonic_us(),
             status ? "\nSTATUS=" : "", status ? status : "");
    (void)sd_notify(0, text); /* nobody there to be told is fine */
}

int64_t service_watchdog_ms(void)
{
    uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) <= 0)
        return 0;
    return us / 2000 > 0 ? (int64_t)(us / 2000) : 1;
}

int service_sockets(int *ret_fds, size_t max, size_t *ret_count, struct gb_err *err)
{
    int n = sd_listen_fds(1);
    if (n < 0)
        return gb_err_sys(err, -n, "cannot take the sockets of the service manager");
    if ((size_t)n > max)
        return gb_err_set(err, GB_ERR_CONFIG, "the service manager passed %d sockets, %zu are used",
                          n, max);
    for (int i = 0; i < n; i++)
        ret_fds[i] = SD_LISTEN_FDS_START + i;
    *ret_count = (size_t)n;
    return GB_OK;
}
