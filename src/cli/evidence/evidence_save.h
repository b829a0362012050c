/* Kept evidence as a folder that `garboard verify DIR` takes (docs/formats/evidence-folder.md). */
#ifndef GB_CLI_EVIDENCE_SAVE_H
#define GB_CLI_EVIDENCE_SAVE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/kept.h"

/* Makes the folder (which may exist when it is empty) and writes its files; beside them
 * policy.yaml, the documents that judged it, and root-N.pem, the roots that came with it. `nonce`
 * is what the quote answers: the digest over nonce, transport key and extras. GB_ERR_CONFIG:
 * something is there already; INPUT: it is no quote; IO. */
GB_MUST_USE int evidence_save(struct gb_arena *arena, struct digester *digester,
                              const struct kept *kept, const char *dir, struct gb_err *err);

#endif
