/* GRUB's `test` and `[`. */
#ifndef GB_REFERENCE_GRUB_TEST_H
#define GB_REFERENCE_GRUB_TEST_H

#include <stdbool.h>

#include "base/check.h"
#include "reference/boot/grub_run.h"

/* GB_ERR_CONFIG for an operator that is not evaluated here. */
GB_MUST_USE int grub_test(struct grub_run *run, const struct grub_line *line, bool *ret_true);

#endif
