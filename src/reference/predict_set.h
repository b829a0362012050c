/* Reference sets under construction: what the predictors share. */
#ifndef GB_REFERENCE_PREDICT_SET_H
#define GB_REFERENCE_PREDICT_SET_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/boot/pe.h"

struct predict_set {
    struct gb_arena *arena;
    struct digester *digester;
    struct ref_set *set;
    struct ref_event **tail;
};

/* A predicted set of class `cls`, still empty. */
GB_MUST_USE int predict_set_begin(struct gb_arena *arena, struct digester *digester,
                                  enum ref_class cls, const char *name,
                                  struct predict_set *ret_build, struct gb_err *err);

/* What one event says of itself. */
struct predict_event {
    enum gb_link link;
    uint32_t pcr;
    uint32_t type;
    const char *about; /* printable, lives as long as the arena */
    const char *value; /* or NULL */
};

/* Appends an event whose digest covers these pieces, one after another, in each SHA-2 algorithm. */
GB_MUST_USE int predict_set_bytes(struct predict_set *build, const struct predict_event *event,
                                  const struct pe_memory *pieces, size_t count, struct gb_err *err);
/* Appends an event whose digest is the image's Authenticode digest. */
GB_MUST_USE int predict_set_image(struct predict_set *build, const struct predict_event *event,
                                  const struct pe_image *image, struct gb_err *err);

/* What the kernel's EFI stub measures of its command line (UTF-8 without NUL) into PCR 9. */
GB_MUST_USE int predict_set_cmdline(struct predict_set *build, struct gb_bytes cmdline,
                                    struct gb_err *err);
/* What the kernel's EFI stub measures of an initrd that a loader hands to it, into PCR 9. `about`
 * NULL: no file of its own. */
GB_MUST_USE int predict_set_initrd(struct predict_set *build, const char *about,
                                   const struct pe_memory *pieces, size_t count,
                                   struct gb_err *err);

/* How `about` names a file: its own name, printable, and in parentheses behind it the release of
 * the kernel that it is or belongs to ("initrd.img (6.1.0-56-amd64)"), unless NULL: explanations
 * compare the two (docs/measurements.md). NULL when out of memory. */
GB_MUST_USE const char *predict_about(struct gb_arena *arena, const char *file,
                                      const char *release);

#endif
