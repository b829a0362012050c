/* What the store's tests share: a database in a folder of its own, writes that wait for their
 * callback, and things to write. */
#ifndef GB_TESTS_STORE_MADE_H
#define GB_TESTS_STORE_MADE_H

#include <pthread.h>
#include <stdbool.h>

#include "../test.h"
#include "store/store.h"

struct made {
    char folder[64];
    char path[96];
    struct store *store;
    struct gb_arena *arena;
};

/* For cmocka's setup and teardown: *state is a struct made, with the store open. */
int made_setup(void **state);
int made_teardown(void **state);
void made_open(struct made *made);
void made_close(struct made *made);
/* Opening must fail with CONFIG; the message holds `words`. */
void made_refused(struct made *made, const char *words);

/* One write's answer. */
struct answer {
    pthread_mutex_t lock;
    pthread_cond_t told;
    size_t count; /* callbacks so far */
    size_t refused;
    int result; /* the last */
    struct gb_err err;
};
void answer_init(struct answer *answer);
store_done answer_done; /* ctx is a struct answer */
void answer_wait(struct answer *answer, size_t count);

/* The entry that goes with a write, without openings; of the caller's thread, until the next. */
const struct store_entry *made_entry(const char *text);

/* Each waits and returns what the callback was told; the error's text is in made_said. */
extern struct gb_err made_said;
int made_token(struct store *store, uint8_t id, uint32_t uses, int64_t expires_s, const char *name);
int made_grant(struct store *store, uint8_t ek, const char *name, int64_t expires_s);
int made_event(struct store *store, const char *text); /* an entry alone */
int made_document(struct store *store, const char *name, uint64_t version, const char *text);
int made_verdict(struct store *store, uint8_t node, int64_t at_s, const char *json);

/* A node whose id, keys and EK (one) are filled with these bytes. */
struct store_node made_node(uint8_t id, const char *name, uint8_t ek, uint8_t transport);
int made_enrol(struct store *store, const struct store_node *node, const uint8_t *token,
               const uint8_t *grant);

#endif
