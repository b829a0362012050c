/* Which system calls a program needs. Private to os/. */
#ifndef GB_OS_SANDBOX_RULES_H
#define GB_OS_SANDBOX_RULES_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "os/sandbox.h"

struct sandbox_call {
    const char *name;   /* NULL ends the table */
    unsigned long mask; /* not 0: only when the first argument has these bits so */
    unsigned long first;
};

struct sandbox_rules {
    const struct sandbox_call *calls; /* beside the common ones */
    const char *const *refused;       /* likewise; NULL: none */
};

/* What every program of ours does: memory, threads, time, descriptors that are open. */
extern const struct sandbox_call sandbox_common[];
/* Fail with EPERM instead of killing. */
extern const char *const sandbox_refused[];
/* NULL for none. */
const struct sandbox_rules *sandbox_rules_of(enum sandbox_profile profile);

/* Nothing but `folders` of the file system from now on. */
GB_MUST_USE int sandbox_landlock(const struct sandbox_folders *folders, struct gb_err *err);

#endif
