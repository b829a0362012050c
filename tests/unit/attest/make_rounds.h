/*
 * A node that attests again and again, and the server that holds what it proved: a machine in
 * software, sets captured from its first boot, and evidence that travels through an envelope as the
 * server asks for it. Everything asserts.
 */
#ifndef GB_TESTS_ATTEST_MAKE_ROUNDS_H
#define GB_TESTS_ATTEST_MAKE_ROUNDS_H

#include "../verify/make_machine.h"
#include "attest/next.h"

struct rounds {
    struct machine m;
    struct gb_arena *policy_arena;
    struct trust trust;
    struct progress held;
    uint8_t transport[32]; /* the key that speaks TLS, as the server sees it */
    uint8_t nonce[32];     /* outstanding */
    int64_t now_s;
    int64_t issued_s; /* of the nonce */
    struct gb_bytes extras;
    struct gb_buf raw_pcrs;
    struct gb_buf envelope;
    uint8_t log_digest[32];
    struct claims claims;
    struct verdict verdict;
    struct gb_err err;
};

/* Boots, measures boot_aggregate, the IMA policy and /usr/bin/init, and accepts all of that and of
 * files "/ok/N" whose digest is filled with 100 + N; nothing was sent yet. */
void rounds_init(struct rounds *r, const enum digest_alg *banks);
void rounds_done(struct rounds *r);
/* Another boot of the same. */
void rounds_reboot(struct rounds *r);
/* A file that the policy accepts, N from 0 to 99. */
void rounds_file(struct rounds *r, unsigned n);

/* Quotes the outstanding nonce and makes a bundle of everything, or from ima_from on with the boot
 * log's digest; r->m.bundle may then be tampered with. */
void rounds_quote(struct rounds *r);
void rounds_make_whole(struct rounds *r);
void rounds_make_more(struct rounds *r, uint64_t ima_from);
/* The bundle through an envelope to the server; its code. On 0 what is held is replaced, and a new
 * nonce is issued. */
int rounds_send(struct rounds *r);
/* One whole interval of 60 s: the clock runs, the node quotes and sends what is asked for. */
int rounds_run(struct rounds *r);

bool rounds_has(const struct rounds *r, enum gb_finding_code code);
/* The last round was `tier`; fails with its findings otherwise. */
void rounds_assert(const struct rounds *r, enum gb_tier tier);

#endif
