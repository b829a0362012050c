/* The folder that `verify DIR` takes: files as users of tpm2-tools have them
 * (docs/formats/evidence-folder.md). */
#ifndef GB_CLI_EVIDENCE_DIR_H
#define GB_CLI_EVIDENCE_DIR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/bundle.h"

struct evidence_dir {
    struct bundle bundle;
    bool has_nonce; /* there is a file `nonce` */
    struct gb_bytes nonce;
};

/* Reads the known files; others are left alone. All bytes live in the arena. GB_ERR_NOTFOUND names
 * a file that must exist and says where it comes from; GB_ERR_CONFIG, LIMIT, IO. */
GB_MUST_USE int evidence_dir_read(struct gb_arena *arena, const char *dir,
                                  struct evidence_dir *ret_dir, struct gb_err *err);

#endif
