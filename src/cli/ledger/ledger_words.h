/* An entry of the ledger in words, one line: when, who, what, whom, what of it, why. */
#ifndef GB_CLI_LEDGER_WORDS_H
#define GB_CLI_LEDGER_WORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "wire/json.h"

/* `item` is one of the server's list: {"entry","openings","names"}. Without "openings" (a proof has
 * none) a person is "(a person)", with them whoever was forgotten is "(forgotten)". In the arena,
 * escaped; "-" when memory is short. */
const char *ledger_words(struct gb_arena *arena, const struct json *item);
/* A person's call that only reads: of those there are very many. */
bool ledger_words_only_reads(const struct json *item);

#endif
