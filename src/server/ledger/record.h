/*
 * What is told to the ledger: one way to make an entry, with its time, salts and commitments. The
 * store writes it together with the change that it tells of; a change without an entry is refused
 * there.
 */
#ifndef GB_SERVER_RECORD_H
#define GB_SERVER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "store/store.h"
#include "wire/json.h"

/* Who, whom, or why. A person's name and what a person typed are personal: the entry holds a salted
 * commitment, the store what opens it. All zero says nothing. */
struct record_party {
    const char *text; /* NULL: nothing */
    bool personal;
};

static inline struct record_party record_text(const char *text)
{
    return (struct record_party){.text = text};
}

/* "alice", as `garboard ledger forget` knows her. */
static inline struct record_party record_person(const char *value)
{
    return (struct record_party){.text = value, .personal = true};
}

static inline struct record_party record_server(void)
{
    return record_text("server");
}

/* "node/<uuid>", in the arena. */
struct record_party record_node(struct gb_arena *arena, const uint8_t id[STORE_ID]);

struct record {
    enum entry_what what;
    struct record_party who, whom, why;
    const char *body;  /* digest of what a person sent; in `data` as a commitment, for a short body
                          is soon guessed; NULL: none */
    struct json *data; /* owned until record_make; NULL: nothing to add, and no body */
};

/* The entry, in the arena; frees `data` in any case. NULL when memory is short, there is no
 * randomness, or it is longer than an entry may be: logged, and the store refuses a NULL. Thread:
 * as the digester. */
GB_MUST_USE const struct store_entry *record_make(struct gb_arena *arena, struct digester *digester,
                                                  struct record *record);

#endif
