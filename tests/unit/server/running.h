/* The service itself in this process, on loopback, with a store in a folder of its own and nobody
 * at keyd's socket. */
#ifndef GB_TESTS_SERVER_RUNNING_H
#define GB_TESTS_SERVER_RUNNING_H

#include "../net/kit.h"
#include "base/arena.h"
#include "server/server.h"
#include "server/threads.h"

struct running {
    char folder[64];
    struct gb_arena *arena;
    struct config config;
    struct server *server;
    struct threads *threads;
    uint16_t api;
    uint16_t enroll;
    uint16_t people; /* 0: none */
};

void running_start(struct running *running);
/* The same with a listener for people who show tokens. */
void running_start_people(struct running *running);
/* Puts documents into force, whoever signed them. */
void running_trust(struct running *running, const char *documents);
void running_stop(struct running *running);

/* One request over a connection of its own; "GET /healthz". Status, -1 when there was no connection
 * or answer. `id` NULL: no certificate. */
int running_ask(uint16_t port, const struct kit_id *id, const char *line, const char *payload,
                char *body, size_t size);

/* The same with header lines ("Authorization: Bearer x\r\n"). */
int running_ask_with(uint16_t port, const struct kit_id *id, const char *line, const char *headers,
                     const char *payload, char *body, size_t size);

#endif
