/* What tests of the ledger build with: a log's key, witnesses, and a folder that is written, signed
 * and thrown away. */
#ifndef GB_TESTS_MAKE_LEDGER_H
#define GB_TESTS_MAKE_LEDGER_H

#include <limits.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/log.h"
#include "ledger/note.h"

#define MAKE_LEDGER_ORIGIN "example.org/ledger"

struct make_key {
    struct ed25519 *private;
    struct note_key key;
};

/* A new key under that name. */
void make_key(const char *name, enum note_kind kind, struct make_key *ret_key);
void make_key_done(struct make_key *key);

/* A new folder below TMPDIR. */
void make_dir(char out[PATH_MAX]);
void make_dir_done(const char *path);

/* "entry <index>". */
struct gb_bytes make_entry(uint64_t index, char out[32]);
/* A signed checkpoint over (size, root) into `out`, which is freed with gb_buf_done; cosigned by
 * `witness` when it is not NULL. */
void make_note(const struct make_key *by, const struct make_key *witness, const char *origin,
               uint64_t size, const uint8_t root[32], struct gb_buf *out);
/* Adds entries up to `size`, flushes, signs and sets the checkpoint. */
void make_grow(struct log *log, const struct make_key *by, const struct make_key *witness,
               uint64_t size);

#endif
