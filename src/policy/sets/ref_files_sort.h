/* Puts paths into the order of their bytes: a million in some tenths of a second, whatever they
 * share. Within policy/ only. */
#ifndef GB_POLICY_REF_FILES_SORT_H
#define GB_POLICY_REF_FILES_SORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct ref_path {
    uint64_t key; /* eight of its bytes at the depth that is being sorted */
    const uint8_t *data;
    uint32_t len;
    uint32_t from; /* its position before; equal paths keep this order */
};

/* Below zero, 0, above: shorter first where one begins with the other. */
int ref_path_order(struct gb_bytes a, struct gb_bytes b);
void ref_paths_sort(struct ref_path *paths, size_t count);

#endif
