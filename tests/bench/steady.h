/* A node whose boot and list were proven in earlier rounds, and its next round: an envelope with
 * the last entries of the list. */
#ifndef GB_TESTS_BENCH_STEADY_H
#define GB_TESTS_BENCH_STEADY_H

#include "attest/next.h"
#include "make_node.h"

struct steady;

/* ret_node->floor is that of the round: one signature, the digests of quote and PCRs, two hashes
 * for each new entry. Aborts when out of memory. */
struct steady *steady_new(struct gb_arena *arena, enum node_key kind, size_t entries,
                          size_t new_count, struct node *ret_node);
void steady_free(struct steady *steady);
/* Reads the envelope and judges it, as a server does with a key that it holds parsed. */
int steady_run(struct steady *steady, struct gb_arena *arena, struct digester *digester,
               const struct trust *trust, struct verdict *ret_verdict, struct gb_err *err);

#endif
