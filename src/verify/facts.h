/*
 * What the service itself knows of a node, and no evidence says: its name, and the labels that
 * operators gave it. They choose which policies are for the node. Borrowed by whoever is asked.
 */
#ifndef GB_VERIFY_FACTS_H
#define GB_VERIFY_FACTS_H

#include <stddef.h>
#include <stdint.h>

struct node_label {
    const char *key; /* Kubernetes' syntax; each key once, in the order of strcmp */
    const char *value;
};

struct node_facts {
    const char *name; /* NULL: not known */
    const struct node_label *labels;
    size_t label_count;
    uint64_t id; /* names all of the above (facts_id); 0: nobody asks whether they changed */
};

#endif
