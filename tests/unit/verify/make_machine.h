/*
 * A machine that boots, in software: every event that it logs it also extends into its PCRs, in all
 * its banks; then it quotes them with an AK of its own. A test boots one, tampers with what it
 * says, and looks at the claims. Everything asserts.
 */
#ifndef GB_TESTS_VERIFY_MAKE_MACHINE_H
#define GB_TESTS_VERIFY_MAKE_MACHINE_H

#include "../evidence/make_ima.h"
#include "make_quote.h"
#include "verify/verify.h"

struct machine {
    struct gb_arena *arena; /* of evidence and claims */
    struct digester *digester;
    struct make_ak ak;
    struct pcr_values pcrs;
    struct make_clock clock;
    bool padded; /* the kernel has SHA-1 alone and pads it in other banks */
    struct gb_buf boot_log;
    struct gb_buf systemd_log;
    struct make_ima ima;
    struct gb_buf quote;
    struct gb_buf signature;
    struct gb_buf area;
    struct gb_buf pcr_text;
    struct bundle bundle;
    struct asked asked;
    struct evidence evidence;
    struct claims claims;
};

/* Banks end with DIGEST_NONE. The log begins with Spec ID and the separators of PCR 0-7; then boot
 * loader, kernel and command line "quiet" are measured. */
void machine_init(struct machine *m, const enum digest_alg *banks);
void machine_done(struct machine *m);
/* PCRs and logs begin anew, resetCount grows. */
void machine_reboot(struct machine *m);

/* Extends H(measured) into a PCR of every bank and logs it with `data`. */
void machine_event(struct machine *m, uint32_t pcr, uint32_t type, struct gb_bytes measured,
                   struct gb_bytes data);
/* Extends without any record. */
void machine_extend(struct machine *m, uint32_t pcr, struct gb_bytes measured);
/* Appends to systemd's log, with or without extending PCR 11. */
void machine_word(struct machine *m, const char *word, bool extend);
/* The list's boot_aggregate of `alg` over PCR 0 to `last`, then files. */
void machine_aggregate(struct machine *m, enum digest_alg alg, unsigned last);
void machine_file(struct machine *m, const char *path, uint8_t fill);
/* Any entry: what is extended does not depend on the template's name. */
void machine_entry(struct machine *m, const char *template, const struct make_ima_field *fields,
                   size_t count);

/* Quotes what the masks of m->pcrs select (all PCRs of all banks) for the nonce "nonce", and asks
 * for it. */
void machine_quote(struct machine *m);
/* The same for another qualifyingData. */
void machine_quote_for(struct machine *m, struct gb_bytes nonce);
/* Reads and verifies what the bundle holds; the result stands in m->claims. Returns verify()'s
 * code, or that of bundle_read. */
int machine_verify(struct machine *m);

/* The finding of m->claims with this code; fails the test when there is none. */
struct gb_finding machine_finding(const struct machine *m, enum gb_finding_code code);
bool machine_has(const struct machine *m, enum gb_finding_code code);
/* All is proven and nothing is worse than `worst`. */
void machine_assert_good(const struct machine *m, enum gb_tier worst);

#endif
