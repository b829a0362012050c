/* Who signs the files of a synthetic machine, as evmctl does: ECDSA of P-256. */
#ifndef GB_TESTS_BENCH_MAKE_SIGNER_H
#define GB_TESTS_BENCH_MAKE_SIGNER_H

#include "base/arena.h"
#include "base/bytes.h"

struct file_signer;

/* Aborts when out of memory. */
struct file_signer *file_signer_new(void);
void file_signer_free(struct file_signer *signer);
/* security.ima of a file with this SHA-256. */
struct gb_bytes file_signer_sign(struct gb_arena *arena, struct file_signer *signer,
                                 const uint8_t digest[32]);
/* A NodePolicy that names it. */
struct gb_bytes file_signer_policy(struct gb_arena *arena, struct file_signer *signer);

#endif
