/* A reference set's document with a list of files whose paths are like Debian's: some 70 bytes, of
 * which a path shares all but some 17 with the one before it. */
#ifndef GB_TESTS_BENCH_MAKE_LIST_H
#define GB_TESTS_BENCH_MAKE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct list {
    struct gb_buf buf;
    struct gb_bytes document;
    size_t count;
    size_t *hex_at; /* where each digest stands in the document */
};

/* Aborts when out of memory. `shuffled`: in no order of paths. */
void list_make(struct list *list, size_t count, bool shuffled);
void list_done(struct list *list);
/* `sets` documents of `count` files each, none of which another has. hex_at is NULL. */
void list_make_sets(struct list *list, size_t sets, size_t count);

#endif
