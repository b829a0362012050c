/* Documents as an officer signs them, for tests of whoever demands that. */
#ifndef GB_TESTS_UNIT_POLICY_MAKE_SIGNED_H
#define GB_TESTS_UNIT_POLICY_MAKE_SIGNED_H

#include "base/arena.h"
#include "base/bytes.h"
#include "crypto/signer.h"

/* `text` with the signature in each of its documents. In the arena, with a NUL behind it. */
struct gb_bytes make_signed(struct gb_arena *arena, const char *text, const struct signer *signer);
/* The signer's public key as a file. */
void make_officer_file(const struct signer *signer, const char *path);

#endif
