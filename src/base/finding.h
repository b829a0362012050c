/*
 * The vocabulary of answers. A finding says: we decided, and this is why. It is a stable code with
 * parameters; its sentence and its remedy come from the catalogue (base/finding_codes.h), so a
 * program can match codes and a person can read.
 */
#ifndef GB_BASE_FINDING_H
#define GB_BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

/* AR4SI's trustworthiness tiers (draft-ietf-rats-ar4si). Ordered: the worst of several is the
 * largest. */
enum gb_tier {
    GB_TIER_NONE, /* nothing was judged: never a yes */
    GB_TIER_AFFIRMING,
    GB_TIER_WARNING,
    GB_TIER_CONTRAINDICATED,
};

/* The links of a node's chain, from the ground up. Each rests on all those before it. */
enum gb_link {
    GB_LINK_NONE,
    GB_LINK_EVIDENCE, /* is this proof at all */
    GB_LINK_IDENTITY,
    GB_LINK_FIRMWARE,
    GB_LINK_OPTION_ROMS,
    GB_LINK_BOOT_POLICY,
    GB_LINK_BOOTLOADER,
    GB_LINK_KERNEL,
    GB_LINK_INITRD,
    GB_LINK_CMDLINE,
    GB_LINK_OS,
    GB_LINK_ENGINE,
    GB_LINK_CONTAINERS,
    GB_LINK_POSTURE,
    GB_LINK_LOCATION,
    GB_LINK_COUNT,
};

enum gb_log {
    GB_LOG_NONE,
    GB_LOG_BOOT,    /* the firmware's TCG event log */
    GB_LOG_SYSTEMD, /* tpm2-measure.log */
    GB_LOG_IMA,
};

/* "affirming", "boot-policy", "ima": the names of design and output. */
const char *gb_tier_name(enum gb_tier tier);
const char *gb_link_name(enum gb_link link);
const char *gb_log_name(enum gb_log log);
/* GB_LINK_NONE for a name that is none. */
enum gb_link gb_link_from_name(struct gb_bytes name);

/* Every code we may ever print: GB_FINDING_<ID>. */
enum gb_finding_code {
    GB_FINDING_NONE,
#define X(id, code, tier, link, sentence, remedy) GB_FINDING_##id,
#include "base/finding_codes.h"
#undef X
    GB_FINDING_COUNT,
};

enum { GB_FINDING_ARGS = 3 };

/* The event that decided. `log` GB_LOG_NONE: no single event did. Indexes count from 0. */
struct gb_event_ref {
    enum gb_log log;
    uint32_t index;
};

struct gb_finding {
    struct gb_finding *next;
    enum gb_finding_code code;
    enum gb_tier tier;
    enum gb_link link;
    struct gb_event_ref event;
    const char *args[GB_FINDING_ARGS]; /* safe to print (escaped); NULL when unused */
};

/* A list in order of discovery, in an arena. Zero-initialise, then set `arena`. */
struct gb_findings {
    struct gb_arena *arena;
    struct gb_finding *first;
    struct gb_finding *last;
    size_t count;
    size_t dropped; /* beyond GB_LIMIT_FINDINGS: counted by tier in `worst`, not kept */
    enum gb_tier worst;
    bool failed; /* out of memory: the list is incomplete and must not become a verdict */
};

#define GB_NO_EVENT ((struct gb_event_ref){.log = GB_LOG_NONE})

/*
 * Appends a finding with the catalogue's tier and link. The strings are borrowed for the arena's
 * life and must be safe to print: made by gb_hex, gb_text_escape, gb_arena_printf of such, or
 * literals. A NULL where the catalogue's sentence wants text prints as "?". Returns the finding for
 * the caller to adjust tier or link, or NULL (then `failed` or `dropped` says why); callers need
 * not look.
 */
struct gb_finding *gb_finding_add(struct gb_findings *list, enum gb_finding_code code,
                                  struct gb_event_ref event, const char *arg0, const char *arg1,
                                  const char *arg2);

/* "quote.signature-invalid" */
const char *gb_finding_code_name(enum gb_finding_code code);
/* The sentence with its parameters, and what to do about it ("" when nothing); NULL when out of
 * memory. */
GB_MUST_USE char *gb_finding_message(struct gb_arena *arena, const struct gb_finding *finding);
GB_MUST_USE char *gb_finding_remedy(struct gb_arena *arena, const struct gb_finding *finding);

#endif
