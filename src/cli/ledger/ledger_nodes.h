/* The keys that nodes enrolled with, as the ledger tells them: whose quote is whose. */
#ifndef GB_CLI_LEDGER_NODES_H
#define GB_CLI_LEDGER_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/entry.h"
#include "ledger/rounds.h"

struct ledger_enrolled {
    int64_t at_ms;
    struct gb_bytes ak_public; /* TPM2B_PUBLIC */
    uint8_t transport[32];
};

struct ledger_node {
    uint8_t id[ROUNDS_NODE];
    struct ledger_enrolled last;
    struct ledger_enrolled before; /* ak_public is empty: it enrolled once */
    int64_t first_ms;              /* when it enrolled first */
    int64_t removed_ms;            /* since then; 0: it was not, or enrolled again */
    /* Of the newest quote by the last AK; `clocked` is false before one came. */
    bool clocked;
    uint32_t reset_count;
    uint64_t clock_ms;
};

struct ledger_nodes {
    struct gb_arena *arena; /* the caller's */
    struct ledger_node **slots;
    size_t mask; /* slots - 1; 0: none yet */
    size_t count;
};

/* "node/<uuid>" or "<uuid>" to the id's bytes; false for anything else. */
GB_MUST_USE bool ledger_nodes_id(struct gb_bytes text, uint8_t ret_id[ROUNDS_NODE]);
/* Takes an entry "node.enrol". *ret_fault (a literal) when it does not say what it must. NOMEM. */
GB_MUST_USE int ledger_nodes_enrol(struct ledger_nodes *nodes, const struct entry *entry,
                                   const char **ret_fault, struct gb_err *err);
/* Takes an entry "node.remove". */
void ledger_nodes_remove(struct ledger_nodes *nodes, const struct entry *entry);
/* NULL when it never enrolled. */
struct ledger_node *ledger_nodes_find(const struct ledger_nodes *nodes,
                                      const uint8_t id[ROUNDS_NODE]);

#endif
