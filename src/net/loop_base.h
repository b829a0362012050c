/* What the rest of the room needs of a loop. Private to src/net. */
#ifndef GB_NET_LOOP_BASE_H
#define GB_NET_LOOP_BASE_H

#include "net/loop.h"

struct event_base;
struct event_base *loop_base(struct loop *loop);

#endif
