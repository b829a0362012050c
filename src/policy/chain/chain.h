/*
 * Which measurement speaks for which link. One table for judging, capturing and predicting;
 * docs/formats/policy.md draws it.
 *
 * Which class of sets must know a measurement is decided by its PCR alone, and the PCR is proven.
 * Which link of that class it stands for may rest on the log's words: a log that lies about them
 * moves the blame, never the answer, because every link of a class must match.
 */
#ifndef GB_POLICY_CHAIN_H
#define GB_POLICY_CHAIN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

/* One measurement with its place in the chain. */
struct chain_event {
    const struct measured *measured;
    enum gb_link
        link; /* GB_LINK_NONE: structure (separators, fixed actions) that needs no reference */
    enum ref_class cls;   /* which class of sets must know it; REF_NONE for structure */
    const char *about;    /* printable: what it is */
    struct gb_bytes text; /* proven text of a kernel command line, not escaped; data NULL otherwise
                           */
};

/* Places every boot measurement of the claims. The array has claims->boot_count items, in order. */
GB_MUST_USE int chain_place(struct gb_arena *arena, const struct claims *claims,
                            struct chain_event **ret_events, struct gb_err *err);

/* Which class of sets must know what is measured into a PCR. */
enum ref_class chain_pcr_class(uint32_t pcr);
/* The link that it stands for when nothing more is known of it; GB_LINK_NONE when there is no such
 * PCR. */
enum gb_link chain_pcr_link(uint32_t pcr);
/* The link of a UKI's section (".linux"): what is no kernel, initrd or command line belongs to the
 * image. */
enum gb_link chain_section_link(struct gb_bytes section);

#endif
