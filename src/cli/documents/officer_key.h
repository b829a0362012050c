/* An officer's private key in a file, perhaps sealed by a passphrase. */
#ifndef GB_CLI_OFFICER_KEY_H
#define GB_CLI_OFFICER_KEY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/signer.h"

/* The first line of a file, as garboard-keyd reads it; empty when `path` is NULL. GB_ERR_CONFIG
 * when that line is empty. In the arena: wipe it. */
GB_MUST_USE int officer_passphrase(struct gb_arena *arena, const char *path,
                                   struct gb_bytes *ret_passphrase, struct gb_err *err);
/* `passphrase_path` NULL: not sealed. Errors name the file and the remedy. */
GB_MUST_USE int officer_key_read(struct gb_arena *arena, const char *path,
                                 const char *passphrase_path, struct signer **ret_signer,
                                 struct gb_err *err);
/* "sha256:" and 64 hex digits: the name of the key in signatures. */
GB_MUST_USE int officer_id(const struct signer *signer, char out[72], struct gb_err *err);

#endif
