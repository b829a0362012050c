/* What a simulation is made of. Private to simulation*.c. */
#ifndef GB_SERVER_SIMULATION_INSIDE_H
#define GB_SERVER_SIMULATION_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/trust.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "crypto/x509.h"
#include "server/kept/blob_cache.h"
#include "server/kept/simulation.h"
#include "server/kept/simulation_shadows.h"
#include "server/nodes/nodes.h"
#include "server/server.h"

enum { SIMULATION_LANES = 16 };

/* One line of work: its job runs slice after slice, each behind what waits in the pool. */
struct lane {
    struct simulation *simulation;
    struct gb_arena *arena;
    struct blob_cache *cache;
};

struct simulation {
    struct server *server;
    uint8_t id[SIMULATION_ID];
    struct gb_arena *arena; /* documents, nodes */
    struct x509_store *roots;
    struct trust trust;
    int64_t time_s;
    struct node_summary *nodes;
    size_t count;
    atomic_size_t next; /* the next node to judge */
    atomic_bool cancelled;
    _Atomic int64_t asked_ms; /* when somebody asked for it last, monotonic */
    struct lane lanes[SIMULATION_LANES];
    size_t lane_count;

    pthread_mutex_t lock; /* guards all below */
    size_t holders;
    size_t running; /* lanes */
    size_t done, unchanged, worse, better, other, without, left_out;
    struct gb_buf changes; /* JSON objects with commas between */
    struct gb_buf names;   /* JSON strings, likewise */
    struct simulation_shadows shadows;
    bool alone; /* cancelled, for nobody asked for it */
    bool failed;
    struct gb_err err;
    int64_t ended_ms;
};

#endif
