/* garboard-witness as it is built, in a folder and on a port of its own. */
#ifndef GB_TESTS_WITNESS_PROGRAM_H
#define GB_TESTS_WITNESS_PROGRAM_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "net/http_client.h"

struct program {
    struct gb_arena *arena; /* borrowed */
    const char *path;       /* $GARBOARD_WITNESS */
    char dir[64];           /* etc/ and state/ in it; made here */
    char url[64];
    char *vkey;
    pid_t pid; /* 0: it does not run */
};

/* `garboard-witness init` in a new folder. Aborts when anything fails, as all here. */
void program_init(struct program *program, struct gb_arena *arena);
void program_add_log(const struct program *program, const char *vkey);
/* Starts it, and waits until it answers. */
void program_start(struct program *program);
void program_kill(struct program *program, int signo);
/* Kills it and removes its folder. */
void program_done(struct program *program);
struct gb_bytes program_ca(const struct program *program);
struct http_client *program_client(const struct program *program);
/* Runs it with these words (NULL-terminated) to its end; its exit code, what it printed in
 * *ret_out. */
int program_run(const struct program *program, const char *const *words, const char **ret_out);

#endif
