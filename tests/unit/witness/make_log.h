/* A small log in memory with a key of its own, whose copies can grow apart. */
#ifndef GB_TESTS_MAKE_LOG_H
#define GB_TESTS_MAKE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

enum { MADE_LEAVES = 64 };

struct made_log {
    struct gb_arena *arena; /* borrowed: what is made stands in it */
    struct digester *digester;
    struct ed25519 *key;
    struct note_key name;
    char vkey[NOTE_VKEY];
    uint8_t leaves[MADE_LEAVES][MERKLE_HASH];
    size_t count;
};

/* Aborts when anything fails, as all here. */
void made_log_new(struct made_log *log, struct gb_arena *arena, const char *origin);
void made_log_done(struct made_log *log);
/* Adds `count` leaves that begin with `what`. */
void made_log_grow(struct made_log *log, const char *what, size_t count);
/* The same log at this moment; shares the key, and is not to be done. */
struct made_log made_log_copy(const struct made_log *log);
void made_log_root(const struct made_log *log, size_t size, uint8_t out[MERKLE_HASH]);
/* The signed checkpoint of the first `size` leaves; with another root when `root` is not NULL. */
struct gb_bytes made_log_note(const struct made_log *log, size_t size, const uint8_t *root);
/* What a witness is sent, with an honest proof. */
struct gb_bytes made_log_ask(const struct made_log *log, size_t old_size, size_t size);
/* The same around any note, and with a proof between any sizes. */
struct gb_bytes made_log_ask_with(const struct made_log *log, uint64_t old_size, size_t from,
                                  size_t to, struct gb_bytes note);

#endif
