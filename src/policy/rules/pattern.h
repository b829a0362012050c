/* Patterns in policies: `*` stands for any bytes, none too; every other byte for itself. */
#ifndef GB_POLICY_PATTERN_H
#define GB_POLICY_PATTERN_H

#include <stdbool.h>

#include "base/bytes.h"

/* Whether all of `text` matches. Time is at most the product of both lengths. */
bool pattern_matches(struct gb_bytes pattern, struct gb_bytes text);

#endif
