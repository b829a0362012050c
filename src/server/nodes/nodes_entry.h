/* An entry of the node table. Private to nodes*.c: everybody else sees struct node. */
#ifndef GB_SERVER_NODES_ENTRY_H
#define GB_SERVER_NODES_ENTRY_H

#include <stdbool.h>

#include "server/nodes/nodes.h"

struct entry {
    struct node node; /* first: a struct node is its entry */
    /* Under the shard's lock: */
    struct entry *next;
    bool busy;
    bool gone; /* taken out of the table while busy: freed when given back */
    int64_t void_ms;
    char *next_labels; /* owned: the next taker's; NULL: as they are */
    uint64_t next_labels_num;
    struct node_verdict verdict; /* owns its strings */
    int64_t enrolled_s;
    uint64_t revision;
};

/* Copies the facts and parses the AK. */
GB_MUST_USE int entry_new(const struct store_node *facts, struct entry **ret_entry,
                          struct gb_err *err);
void entry_free(struct entry *entry);
/* Takes copies; false when out of memory: the old one stands. */
GB_MUST_USE bool entry_tell(struct entry *entry, const struct node_verdict *verdict);
/* Out of memory, and yet it must not stay trusted: no words, tried again. */
void entry_distrust(struct entry *entry);
/* The newest, whoever has the node. */
const char *entry_labels(const struct entry *entry);
uint64_t entry_labels_num(const struct entry *entry);
/* Takes over `labels`, unless those that are there are newer. */
void entry_relabel(struct entry *entry, char *labels, uint64_t labels_num);
/* The next taker's: nobody has the node. */
void entry_use_labels(struct entry *entry);
/* A copy for a reader. */
GB_MUST_USE bool entry_summary(const struct entry *entry, struct gb_arena *arena,
                               struct node_summary *ret_summary);

#endif
