/* What an open store is made of. Private to store/. */
#ifndef GB_STORE_STATE_H
#define GB_STORE_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "store/db.h"
#include "store/live.h"
#include "store/store.h"

enum { STORE_READERS = 4 };

/* What `run` returns when all was as it should be already: GB_OK, and there is nothing to record.
 */
enum { WRITE_SAME = 1 };

/* One queued write. What it writes lies behind it in its arena. */
struct write {
    struct write *next;
    struct gb_arena *arena; /* holds this struct, too */
    int (*run)(struct db *db, const void *what, struct gb_err *err);
    const void *what;
    const struct store_entry *entry; /* NULL: a write that nobody needs to hear of */
    store_done *done;                /* may be NULL */
    void *ctx;
    const struct store_kept *kept; /* whose files go when it fails; NULL: none */
    bool erases;                   /* told only when the journal holds nothing of it either */
    int result;
    struct gb_err err;
};

struct store {
    char *path; /* owned */
    int lock_fd;
    int64_t flush_ms;

    struct db writer; /* the writer thread's, once it runs */
    pthread_t thread;
    bool running;

    pthread_mutex_t lock; /* guards all below; held for no I/O */
    pthread_cond_t wake;  /* the writer: something to do */
    struct write *first;
    struct write *last;
    size_t queued;
    bool stopping;
    struct live_table live;
    struct store_counts counts;
    uint64_t entry_first; /* as committed */
    uint64_t entry_next;

    pthread_mutex_t readers_lock; /* guards all below */
    pthread_cond_t reader_free;
    struct db readers[STORE_READERS];
    bool reader_open[STORE_READERS];
    bool reader_busy[STORE_READERS];
};

#endif
