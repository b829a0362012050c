/* The inside of the node table. Private to nodes*.c. */
#ifndef GB_SERVER_NODES_SHARD_H
#define GB_SERVER_NODES_SHARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "server/nodes/nodes_entry.h"

enum { NODES_SHARDS = 64 }; /* many more than threads: two rarely meet at one lock */

struct shard {
    pthread_mutex_t lock;
    struct entry **heads; /* owned; `slots` chains */
    size_t slots;
    size_t count;
};

struct nodes {
    struct shard shards[NODES_SHARDS];
    _Atomic uint64_t revision;
};

#endif
