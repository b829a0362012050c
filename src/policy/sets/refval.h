/*
 * Reference sets: known good, small, each with a class. Made by reference/ (captured or predicted)
 * or by hand; read from YAML (docs/formats/policy.md). Immutable once loaded.
 */
#ifndef GB_POLICY_REFVAL_H
#define GB_POLICY_REFVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "policy/selector.h"
#include "policy/sets/ref_files.h"
#include "wire/yaml.h"

#define REFVAL_API_VERSION "garboard.dev/v1alpha1"

enum ref_class {
    REF_NONE,
    REF_PLATFORM,
    REF_OS,
    REF_PACKAGES,
    REF_ENGINE, /* container runtime, shims, CNI plugins, their configuration: files, too */
    REF_CLASS_COUNT,
};

/* Only an accepted set decides. A shadow set is compared and told of; what a candidate or a retired
 * set knows explains a refusal. */
enum ref_life { REF_ACCEPTED, REF_CANDIDATE, REF_SHADOW, REF_RETIRED, REF_LIFE_COUNT };

/* One measurement that a good boot makes: known by link, PCR and digest. */
struct ref_event {
    struct ref_event *next;
    enum gb_link link;
    uint32_t pcr;
    uint32_t type;
    struct gb_bytes digest[DIGEST_ALGS]; /* by position in digest_algs; empty when not given. SHA-1
                                            is neither read nor written. */
    const char
        *about; /* printable: what it is ("\\EFI\\BOOT\\BOOTX64.EFI", ".linux of debian.efi") */
    const char *value; /* the accepted text where it is one (a command line), as measured and not
                          escaped; NULL otherwise */
};

struct ref_set {
    struct ref_set *next;
    const char *name; /* field_name_ok */
    uint64_t version; /* 0: none is given, which is its first */
    bool deleted;     /* nothing but its name and version is left */
    size_t place;     /* its bit in a set_mask; given by file_index_build */
    enum ref_class cls;
    enum ref_life life;
    struct set_selector applies;
    const char *source;       /* printable: "captured", "predicted", "written"; where from, for
                                 people */
    struct ref_event *events; /* in the order of measuring */
    size_t event_count;
    struct ref_files files;  /* of file contents */
    struct ref_files verity; /* fs-verity digests: a namespace of its own, or a file that holds an
                                accepted file's verity descriptor would pass for it */
};

const char *ref_class_name(enum ref_class cls);
const char *ref_life_name(enum ref_life life);
/* Whether a class knows files; the others know events. */
static inline bool ref_class_has_files(enum ref_class cls)
{
    return cls == REF_PACKAGES || cls == REF_ENGINE;
}
/* The class that must speak for a link; REF_NONE for links that no set judges. */
enum ref_class ref_class_of_link(enum gb_link link);
/* An algorithm's position in digest_algs; DIGEST_ALGS for DIGEST_NONE. */
size_t ref_digest_position(enum digest_alg alg);

/* Reads a ReferenceSet document. Errors: "file.yaml:12: unknown field \"pcrs\" (did
 * you mean \"pcr\"?)". */
GB_MUST_USE int ref_set_read(struct gb_arena *arena, const struct yaml_node *document,
                             const char *file, struct ref_set **ret_set, struct gb_err *err);
/* Writes one as a YAML document ("---" first) that ref_set_read reads back the same. */
void ref_set_write(struct gb_buf *out, const struct ref_set *set);

#endif
