/* A boot log of some ninety events and forty kilobytes, like that of a server with Secure Boot,
 * shim and GRUB. */
#ifndef GB_TESTS_BENCH_MAKE_LOG_H
#define GB_TESTS_BENCH_MAKE_LOG_H

#include "base/arena.h"
#include "crypto/digest.h"
#include "floor.h"

/* Replays into pcrs[24][32] (SHA-256) and adds every digest that verifying takes to the floor. */
struct gb_bytes make_log(struct gb_arena *arena, struct digester *digester, struct floor *floor,
                         uint8_t pcrs[24][32]);

#endif
