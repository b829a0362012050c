/* One synthetic machine: an AK in software, a boot log of a hundred events, an IMA list of any
 * length, a quote over both. */
#ifndef GB_TESTS_BENCH_MAKE_NODE_H
#define GB_TESTS_BENCH_MAKE_NODE_H

#include <stddef.h>

#include "base/arena.h"
#include "evidence/bundle.h"
#include "floor.h"
#include "make_signer.h"

enum node_key { NODE_RSA, NODE_P256 };

struct node {
    struct bundle bundle;
    struct gb_bytes ak_pem;     /* of the AK in the bundle, for the floor */
    struct gb_bytes ima_ascii;  /* the same list as text, for peers */
    struct gb_bytes pcrs_tools; /* the same values as tpm2-tools write them, for peers */
    struct gb_bytes nonce;      /* what the quote answers */
    struct gb_bytes pcrs_raw;   /* the same values as the service sends them */
    struct gb_bytes digest;     /* SHA-256 of the quote, which... */
    struct gb_bytes plain;      /* ... this signature of libcrypto's form signs */
    struct gb_bytes policy;     /* YAML: a set of class packages with every file of the list */
    struct floor *floor;        /* the digests and the signature that judging this evidence takes */
};

/* ima_entries 0: no list. `signer` signs the files, and the policy names it in place of the set;
 * NULL: they are not signed. Aborts when out of memory. Everything but the floor lives in the
 * arena.
 */
void make_node(struct gb_arena *arena, enum node_key kind, size_t ima_entries,
               struct file_signer *signer, struct gb_bytes nonce, struct node *ret_node);

#endif
