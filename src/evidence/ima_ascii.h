/* ascii_runtime_measurements and its per-algorithm siblings (ima_fs.c,
 * ima_ascii_measurements_show). */
#ifndef GB_EVIDENCE_IMA_ASCII_H
#define GB_EVIDENCE_IMA_ASCII_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/ima.h"

/* As ima_read, for an ASCII list. Entries point into the arena, where the template data are
 * rebuilt. */
GB_MUST_USE int ima_ascii_read(struct gb_arena *arena, struct gb_bytes in,
                               enum digest_alg template_alg, struct ima_log *ret_log,
                               struct gb_err *err);

#endif
