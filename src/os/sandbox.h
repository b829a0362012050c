/*
 * Doors that a program closes behind itself once it is set up: memory, system calls (seccomp),
 * folders (Landlock, where the kernel has it). Before there are threads: they inherit it. One way.
 */
#ifndef GB_OS_SANDBOX_H
#define GB_OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"

/* Which system calls: tables in sandbox_calls.c. A call outside kills the process. */
enum sandbox_profile { SANDBOX_NONE, SANDBOX_KEYD, SANDBOX_SERVER, SANDBOX_AGENT, SANDBOX_WITNESS };

enum sandbox_may {
    SANDBOX_READ = 1,
    SANDBOX_REMOVE = 2,
    SANDBOX_WRITE = 4,
    SANDBOX_MOVE = 8, /* files from one folder below it to another */
};

enum { SANDBOX_MAX_FOLDERS = 64 };

/* Folders that stay open, with all that is in them. */
struct sandbox_folders {
    struct sandbox_folder {
        char *path; /* owned */
        unsigned may;
    } folders[SANDBOX_MAX_FOLDERS];
    size_t count;
    bool failed; /* out of memory or too many: sandbox_enter says so */
};
void sandbox_folders_add(struct sandbox_folders *folders, const char *path, unsigned may);
/* The folder in which `file` is. */
void sandbox_folders_add_parent(struct sandbox_folders *folders, const char *file, unsigned may);
void sandbox_folders_done(struct sandbox_folders *folders);

/* No core files, no ptrace, no swap. A system that does not let us lock memory is logged, not
 * fatal. GB_ERR_IO. */
GB_MUST_USE int sandbox_guard_memory(struct gb_err *err);
/* No new privileges, Landlock, seccomp. GB_ERR_IO, NOMEM; an absent Landlock is logged. */
GB_MUST_USE int sandbox_enter(enum sandbox_profile profile, const struct sandbox_folders *folders,
                              struct gb_err *err);

#endif
