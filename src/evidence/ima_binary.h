/* binary_runtime_measurements and its per-algorithm siblings (ima_fs.c, ima_measurements_show). */
#ifndef GB_EVIDENCE_IMA_BINARY_H
#define GB_EVIDENCE_IMA_BINARY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/ima.h"

/* As ima_read, for a binary list. Entries point into `in`. */
GB_MUST_USE int ima_binary_read(struct gb_arena *arena, struct gb_bytes in,
                                enum digest_alg template_alg, struct ima_log *ret_log,
                                struct gb_err *err);

#endif
