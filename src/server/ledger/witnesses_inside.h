/* The inside of struct witnesses. Private to witnesses*.c. */
#ifndef GB_SERVER_WITNESSES_INSIDE_H
#define GB_SERVER_WITNESSES_INSIDE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "net/http_client.h"
#include "server/ledger/witness_line.h"
#include "server/ledger/witnesses.h"

enum { WITNESSES_WHY = GB_LIMIT_ERR_TEXT };

struct one {
    struct witnesses *all;
    struct witness_line line;
    pthread_t thread;
    bool running;
    /* the thread's own */
    struct http_client *client;
    struct digester *digester;
    uint64_t known_size;
    /* by all->lock */
    uint64_t done;             /* the push that it dealt with last, well or not */
    bool answering;            /* it co-signed what it was asked last */
    int64_t again_ms;          /* when it is asked again after a failure; 0: with the next push */
    int64_t pause_ms;          /* grows with each failure */
    uint64_t cosigned;         /* entries */
    int64_t cosigned_s;        /* when */
    uint64_t pushed;           /* the push whose text `cosignature` signs; 0: none */
    struct gb_buf cosignature; /* its line */
    uint64_t failures;
    char why[WITNESSES_WHY]; /* "" while it answers */
};

struct witnesses {
    struct gb_arena *arena; /* owned: the lines, the paths */
    const char *ledger;
    size_t quorum;
    int64_t lag_ms;
    void (*changed)(void *ctx);
    void *ctx;
    struct one ones[GB_LIMIT_WITNESSES];
    size_t count;
    pthread_mutex_t lock; /* of all that follows; held for no I/O */
    pthread_cond_t news;  /* for the threads: a push, the end */
    pthread_cond_t came;  /* for witnesses_wait: an answer */
    bool stopping;
    bool waiting;    /* somebody is in witnesses_wait, and will look himself */
    uint64_t pushes; /* their number: 0 before the first */
    struct gb_buf note;
    struct gb_buf vkeys; /* with a NUL */
    int64_t missing_ms;  /* since when a quorum is missing; 0: it is not */
    uint64_t missing_push;
    bool forked;
    char fork_why[WITNESSES_WHY];
};

/* How long a witness that failed again is left alone, after `before_ms` (0: it had not failed).
 * `stops`: a quorum is missing, so that the ledger waits for it: then only some seconds. */
int64_t witnesses_pause_ms(int64_t before_ms, bool stops);
/* One witness' thread: its ctx is a struct one. */
void *witnesses_run(void *one);
/* The lock is held. How many have co-signed the push of that number, or a later one. */
size_t witnesses_cosigned(const struct witnesses *witnesses, uint64_t push);

#endif
