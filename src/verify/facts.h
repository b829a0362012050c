/*
 * What the service itself knows of a node, and no evidence says: its name, and the labels that
 * operators gave it. They choose which policies are for the node. Borrowed by whoever is asked.
 */
#ifndef GB_VERIFY_FACTS_H
#define GB_VERIFY_FACTS_H

#include "base/labels.h"

struct node_facts {
    const char *name; /* NULL: not known */
    struct gb_labels labels;
};

#endif
