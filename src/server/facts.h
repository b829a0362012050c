/* What policy is told of a node beside its evidence, as it is kept with it: {"name","labels"}. */
#ifndef GB_SERVER_FACTS_H
#define GB_SERVER_FACTS_H

#include "base/arena.h"
#include "base/check.h"

/* JSON on one line, in the arena; NULL: no memory. `labels` as base/labels.h writes them. */
GB_MUST_USE const char *facts_json(struct gb_arena *arena, const char *name, const char *labels);

#endif
