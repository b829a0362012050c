/*
 * The fields of an ASCII entry, as the kernel prints them (ima_template_lib.c,
 * ima_show_template_data_ascii), back to the template data that the template digest covers, byte
 * for byte.
 */
#ifndef GB_EVIDENCE_IMA_REBUILD_H
#define GB_EVIDENCE_IMA_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "evidence/ima.h"
#include "evidence/ima_template.h"

/* Zero-initialise, then set `arena`. Memory comes in chunks that never move: entries point into
 * them. */
struct ima_rebuild {
    struct gb_arena *arena;
    uint8_t *at;
    size_t left;
};

/* Room for all that a line of this length can become; false when out of memory. Call it once a
 * line, before the functions below, which write without asking. */
GB_MUST_USE bool ima_rebuild_reserve(struct ima_rebuild *out, size_t line_len);

/* Writes the bytes that `hex` stands for, at out->at; false when it is not hex. */
GB_MUST_USE bool ima_rebuild_hex(struct ima_rebuild *out, struct gb_bytes hex);

/* Rebuilds the template data from what follows the template's name in the line, and splits them
 * into the entry. NULL, or what is wrong. */
const char *ima_rebuild_data(struct ima_rebuild *out, const struct ima_template *template,
                             struct gb_bytes rest, struct ima_entry *entry);

#endif
