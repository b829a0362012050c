/* A signer for the sequencer's tests, in this process: keeps what it signed in a file, signs only
 * consistent growth, and can be told to fail. */
#ifndef GB_TESTS_SERVER_SIGNER_H
#define GB_TESTS_SERVER_SIGNER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/note.h"
#include "server/ledger/sequencer.h"

struct signer {
    char path[128]; /* of its state */
    struct digester *digester;
    struct ed25519 *key;
    struct note_key as;
    uint64_t size;
    uint8_t root[32];
    atomic_bool away;    /* cannot be reached */
    atomic_bool deaf;    /* signs and remembers, but its answer is lost, once */
    atomic_bool refuses; /* as if it were no growth */
    atomic_uint signs;   /* how often it signed */
};

void signer_open(struct signer *signer, const char *folder);
void signer_close(struct signer *signer);
struct sequencer_signer signer_of(struct signer *signer);
/* The checkpoint in `folder`: signed by this signer; its size. */
uint64_t signer_checked(struct signer *signer, const char *folder);

#endif
