#include "server/nodes/tickets.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "store/store.h"

/* What is searched stands in the slot, not behind a pointer. */
struct slot {
    struct ticket *ticket; /* owned; NULL: free */
    bool busy;
    bool open;
    bool done;
    bool has_token;
    uint8_t token[8];
    bool has_ek;
    uint8_t ek[STORE_HASH];
    uint8_t challenge[TICKET_CHALLENGE];
    int64_t expires_ms;
};

struct tickets {
    pthread_mutex_t lock;
    struct slot *slots; /* owned */
    size_t max;
    int64_t life_ms;
};

int tickets_new(size_t max, int64_t life_ms, struct tickets **ret_tickets, struct gb_err *err)
{
    struct tickets *tickets = gb_calloc(1, sizeof *tickets);
    if (!tickets)
        return gb_err_nomem(err);
    tickets->slots = gb_calloc(max, sizeof *tickets->slots);
    if (!tickets->slots) {
        gb_free(tickets);
        return gb_err_nomem(err);
    }
    pthread_mutex_init(&tickets->lock, NULL);
    tickets->max = max;
    tickets->life_ms = life_ms;
    *ret_tickets = tickets;
    return GB_OK;
}

static void ticket_free(struct ticket *ticket)
{
    if (!ticket)
        return;
    gb_arena_free(ticket->arena);
    gb_free(ticket);
}

static void empty(struct slot *slot)
{
    ticket_free(slot->ticket);
    *slot = (struct slot){0};
}

void tickets_free(struct tickets *tickets)
{
    if (!tickets)
        return;
    for (size_t i = 0; i < tickets->max; i++)
        empty(&tickets->slots[i]);
    pthread_mutex_destroy(&tickets->lock);
    gb_free(tickets->slots);
    gb_free(tickets);
}

static struct ticket *ticket_new(void)
{
    struct ticket *ticket = gb_calloc(1, sizeof *ticket);
    if (!ticket)
        return NULL;
    ticket->arena = gb_arena_new();
    if (!ticket->arena) {
        gb_free(ticket);
        return NULL;
    }
    return ticket;
}

/* Locked. A free slot, or that of the oldest answer that is only kept for whoever asks again, or
 * NULL; counts who holds the token. */
static struct slot *survey(struct tickets *tickets, const uint8_t *token, int64_t now_ms,
                           uint32_t *ret_holders)
{
    struct slot *room = NULL, *oldest = NULL;
    *ret_holders = 0;
    for (size_t i = 0; i < tickets->max; i++) {
        struct slot *slot = &tickets->slots[i];
        if (slot->ticket && !slot->busy && slot->expires_ms <= now_ms)
            empty(slot);
        if (!slot->ticket)
            room = room ? room : slot;
        else if (token && slot->has_token && !slot->done)
            *ret_holders += memcmp(slot->token, token, sizeof slot->token) == 0;
        if (slot->done && !slot->busy && (!oldest || slot->expires_ms < oldest->expires_ms))
            oldest = slot;
    }
    if (room || !oldest)
        return room;
    empty(oldest);
    return oldest;
}

static void occupy(struct slot *slot, struct ticket *ticket, const uint8_t *token,
                   int64_t expires_ms)
{
    *slot = (struct slot){.ticket = ticket, .busy = true, .expires_ms = expires_ms};
    if (!token)
        return;
    slot->has_token = ticket->has_token = true;
    memcpy(slot->token, token, sizeof slot->token);
    memcpy(ticket->token, token, sizeof ticket->token);
}

int tickets_reserve(struct tickets *tickets, const uint8_t *token, uint32_t uses, int64_t now_ms,
                    struct ticket **ret_ticket, struct gb_err *err)
{
    uint32_t holders;
    struct ticket *ticket = ticket_new();
    if (!ticket)
        return gb_err_nomem(err);
    pthread_mutex_lock(&tickets->lock);
    struct slot *room = survey(tickets, token, now_ms, &holders);
    bool reserved = token && holders >= uses;
    if (room && !reserved)
        occupy(room, ticket, token, now_ms + tickets->life_ms);
    pthread_mutex_unlock(&tickets->lock);
    if (room && !reserved) {
        *ret_ticket = ticket;
        return GB_OK;
    }
    ticket_free(ticket);
    return reserved ? gb_err_set(err, GB_ERR_AGAIN, "the token is reserved")
                    : gb_err_set(err, GB_ERR_LIMIT, "too many enrolments are under way");
}

/* Locked. Whether an open one, or none, is all that this EK has. */
static bool clear_ek(struct tickets *tickets, const uint8_t ek[STORE_HASH])
{
    for (size_t i = 0; i < tickets->max; i++) {
        struct slot *slot = &tickets->slots[i];
        if (!slot->ticket || slot->done || !slot->has_ek ||
            memcmp(slot->ek, ek, sizeof slot->ek) != 0)
            continue;
        if (slot->busy)
            return false;
        empty(slot);
    }
    return true;
}

int tickets_reserve_ek(struct tickets *tickets, const uint8_t ek[STORE_HASH], int64_t now_ms,
                       struct ticket **ret_ticket, struct gb_err *err)
{
    uint32_t holders;
    struct ticket *ticket = ticket_new();
    if (!ticket)
        return gb_err_nomem(err);
    ticket->has_grant = true;
    memcpy(ticket->grant_ek, ek, sizeof ticket->grant_ek);
    pthread_mutex_lock(&tickets->lock);
    bool clear = clear_ek(tickets, ek);
    struct slot *room = clear ? survey(tickets, NULL, now_ms, &holders) : NULL;
    if (room) {
        occupy(room, ticket, NULL, now_ms + tickets->life_ms);
        room->has_ek = true;
        memcpy(room->ek, ek, sizeof room->ek);
    }
    pthread_mutex_unlock(&tickets->lock);
    if (room) {
        *ret_ticket = ticket;
        return GB_OK;
    }
    ticket_free(ticket);
    return clear ? gb_err_set(err, GB_ERR_LIMIT, "too many enrolments are under way")
                 : gb_err_set(err, GB_ERR_AGAIN, "this EK's enrolment is being answered");
}

/* Locked. A ticket that somebody has is in its slot. */
static struct slot *slot_of(struct tickets *tickets, const struct ticket *ticket)
{
    size_t i = 0;
    while (tickets->slots[i].ticket != ticket)
        i++;
    return &tickets->slots[i];
}

void tickets_open(struct tickets *tickets, struct ticket *ticket,
                  const uint8_t challenge[TICKET_CHALLENGE])
{
    pthread_mutex_lock(&tickets->lock);
    struct slot *slot = slot_of(tickets, ticket);
    memcpy(slot->challenge, challenge, sizeof slot->challenge);
    slot->open = true;
    slot->busy = false;
    pthread_mutex_unlock(&tickets->lock);
}

int tickets_take(struct tickets *tickets, const uint8_t challenge[TICKET_CHALLENGE], int64_t now_ms,
                 struct ticket **ret_ticket, struct gb_err *err)
{
    struct slot *found = NULL;
    pthread_mutex_lock(&tickets->lock);
    for (size_t i = 0; i < tickets->max && !found; i++) {
        struct slot *slot = &tickets->slots[i];
        if (slot->open && memcmp(slot->challenge, challenge, TICKET_CHALLENGE) == 0)
            found = slot;
    }
    bool busy = found && found->busy;
    if (found && !busy && found->expires_ms <= now_ms) {
        empty(found);
        found = NULL;
    }
    if (found && !busy) {
        found->busy = true;
        *ret_ticket = found->ticket;
    }
    pthread_mutex_unlock(&tickets->lock);
    if (busy)
        return gb_err_set(err, GB_ERR_AGAIN, "this challenge is being answered");
    return found ? GB_OK : gb_err_set(err, GB_ERR_NOTFOUND, "no such challenge");
}

void tickets_give(struct tickets *tickets, struct ticket *ticket)
{
    pthread_mutex_lock(&tickets->lock);
    slot_of(tickets, ticket)->busy = false;
    pthread_mutex_unlock(&tickets->lock);
}

void tickets_finish(struct tickets *tickets, struct ticket *ticket)
{
    pthread_mutex_lock(&tickets->lock);
    struct slot *slot = slot_of(tickets, ticket);
    slot->done = ticket->done = true;
    slot->busy = false;
    pthread_mutex_unlock(&tickets->lock);
}

void tickets_drop(struct tickets *tickets, struct ticket *ticket)
{
    pthread_mutex_lock(&tickets->lock);
    empty(slot_of(tickets, ticket));
    pthread_mutex_unlock(&tickets->lock);
}
