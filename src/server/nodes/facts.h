/* What policy is told of a node beside its evidence, as it is kept with it:
 * {"name","labels":"rack=7,site=fra-2"}. */
#ifndef GB_SERVER_FACTS_H
#define GB_SERVER_FACTS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "verify/facts.h"

/* The same for the core; borrows both. `labels` may be NULL: none. GB_ERR_BUG for labels that do
 * not read, NOMEM. */
GB_MUST_USE int facts_read(struct gb_arena *arena, const char *name, const char *labels,
                           struct node_facts *ret_facts, struct gb_err *err);
/* JSON on one line, in the arena; NULL: no memory. `labels` as base/labels.h writes them. */
GB_MUST_USE const char *facts_json(struct gb_arena *arena, const char *name, const char *labels);

#endif
