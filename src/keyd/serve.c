#include "keyd/serve.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "keyd/desk.h"
#include "keyd/monitor.h"
#include "os/rpc.h"

enum {
    SEATS = 64,        /* garboardd has one connection a thread */
    FRAME_MS = 30000,  /* for the bytes of one request, and of its answer */
    STACK = 512 << 10, /* frames of the readers are small; libcrypto takes some 20 KB */
};

/* Listening: nothing, or a part of a request has come. Then no one's work is lost when it is cut.
 */
enum { SEAT_FREE, SEAT_LISTENING, SEAT_ANSWERING, SEAT_CUT, SEAT_DONE };

struct seat {
    struct crew *crew;
    pthread_t thread;
    int fd;
    atomic_int state;
    atomic_llong since_ms; /* when it began to listen */
};

struct crew {
    struct house *house;
    uid_t peer;
    struct seat seats[SEATS];
};

int crew_new(struct house *house, uid_t peer, struct crew **ret_crew, struct gb_err *err)
{
    struct crew *crew = gb_calloc(1, sizeof *crew);
    if (!crew)
        return gb_err_nomem(err);
    crew->house = house;
    crew->peer = peer;
    *ret_crew = crew;
    return GB_OK;
}

static bool turn(struct seat *seat, int from, int to)
{
    return atomic_compare_exchange_strong(&seat->state, &from, to);
}

/* One request. False ends the connection. */
static bool exchange(struct seat *seat, struct gb_arena *arena, struct digester *digester)
{
    struct gb_err err = {0};
    gb_cleanup(gb_buf_done) struct gb_buf frame = {0};
    gb_cleanup(gb_buf_done) struct gb_buf answer = {0};
    gb_buf_init(&frame, GB_LIMIT_RPC);
    gb_buf_init(&answer, GB_LIMIT_RPC);
    int r = rpc_receive(seat->fd, RPC_FOREVER, FRAME_MS, &frame, &err);
    if (r < 0) {
        if (r != GB_ERR_NOTFOUND)
            gb_log_err(GB_LOG_WARNING, "connection-lost", &err);
        return false;
    }
    if (!turn(seat, SEAT_LISTENING, SEAT_ANSWERING))
        return false;
    bool good = monitor_answer(seat->crew->house, arena, digester, gb_buf_bytes(&frame), &answer);
    if (!gb_buf_ok(&answer))
        return false;
    r = rpc_send(seat->fd, gb_buf_bytes(&answer), gb_clock_ms() + FRAME_MS, &err);
    if (r < 0)
        gb_log_err(GB_LOG_WARNING, "connection-lost", &err);
    atomic_store(&seat->since_ms, gb_clock_ms());
    return r == 0 && good && turn(seat, SEAT_ANSWERING, SEAT_LISTENING);
}

static void *sit(void *arg)
{
    struct seat *seat = arg;
    struct gb_err err = {0};
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena || digester_new(&digester, &err) < 0)
        gb_log_event(GB_LOG_ERROR, "out-of-memory");
    else
        while (exchange(seat, arena, digester))
            ;
    shutdown(seat->fd,
             SHUT_RDWR); /* closed by whoever joins: its number must not be reused before */
    atomic_store(&seat->state, SEAT_DONE);
    return NULL;
}

static void clear_seat(struct seat *seat)
{
    pthread_join(seat->thread, NULL);
    close(seat->fd);
    atomic_store(&seat->state, SEAT_FREE);
}

static struct seat *find_seat(struct crew *crew)
{
    for (size_t i = 0; i < SEATS; i++) {
        struct seat *seat = &crew->seats[i];
        if (atomic_load(&seat->state) == SEAT_DONE)
            clear_seat(seat);
        if (atomic_load(&seat->state) == SEAT_FREE)
            return seat;
    }
    return NULL;
}

/* Who says nothing, or not to the end, makes room for who comes: the longest in that state. Whoever
 * asked from there connects again. NULL: all are being answered. */
static struct seat *cut_seat(struct crew *crew)
{
    struct seat *longest = NULL;
    for (size_t i = 0; i < SEATS; i++) {
        struct seat *seat = &crew->seats[i];
        if (atomic_load(&seat->state) == SEAT_LISTENING &&
            (!longest || atomic_load(&seat->since_ms) < atomic_load(&longest->since_ms)))
            longest = seat;
    }
    if (!longest || !turn(longest, SEAT_LISTENING, SEAT_CUT))
        return NULL;
    shutdown(longest->fd, SHUT_RDWR);
    clear_seat(longest);
    return longest;
}

/* Takes `fd` over when it returns true. */
static bool take_seat(struct crew *crew, int fd)
{
    pthread_attr_t attr;
    struct seat *seat = find_seat(crew);
    if (!seat)
        seat = cut_seat(crew);
    if (!seat)
        return false;
    seat->crew = crew;
    seat->fd = fd;
    atomic_store(&seat->since_ms, gb_clock_ms());
    atomic_store(&seat->state, SEAT_LISTENING);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    int r = pthread_create(&seat->thread, &attr, sit, seat);
    pthread_attr_destroy(&attr);
    if (r != 0)
        atomic_store(&seat->state, SEAT_FREE);
    return r == 0;
}

static void seat_or_refuse(struct crew *crew, int fd)
{
    struct gb_err err = {0};
    uid_t uid = 0;
    if (rpc_peer(fd, &uid, &err) < 0) {
        gb_log_err(GB_LOG_ERROR, "peer-unknown", &err);
    } else if (uid != crew->peer && uid != 0) {
        gb_log_event(GB_LOG_WARNING, "peer-refused", GB_LOG_NUMBER("uid", uid));
    } else if (take_seat(crew, fd)) {
        return;
    } else {
        gb_log_event(GB_LOG_WARNING, "too-many-connections", GB_LOG_NUMBER("ceiling", SEATS));
    }
    close(fd);
}

bool crew_accept(struct crew *crew, int listen_fd)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        seat_or_refuse(crew, fd);
        return true;
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return true;
    gb_log_event(GB_LOG_ERROR, "cannot-accept", GB_LOG_NUMBER("errno", errno));
    (void)find_seat(crew); /* descriptors of connections that ended */
    return false;
}

void crew_free(struct crew *crew)
{
    if (!crew)
        return;
    for (size_t i = 0; i < SEATS; i++)
        if (atomic_load(&crew->seats[i].state) != SEAT_FREE)
            shutdown(crew->seats[i].fd, SHUT_RD); /* what is being answered still gets out */
    for (size_t i = 0; i < SEATS; i++)
        if (atomic_load(&crew->seats[i].state) != SEAT_FREE)
            clear_seat(&crew->seats[i]);
    gb_free(crew);
}
