/* What the ledger says of documents that come into force. */
#ifndef GB_SERVER_POLICY_RECORD_H
#define GB_SERVER_POLICY_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/digest.h"
#include "server/snapshot.h"
#include "store/store.h"
#include "wire/json.h"

/* {"policy","count","sha256","documents":[{"kind","name","version","sha256","signers":[key ids]}]}:
 * of those in `fresh` that are not in `stored` as they are. An entry has an end: of very many
 * documents the first are listed, and "sha256" covers all (of the lines "kind name version
 * sha256\n"). `snapshot` is made of what will be in force. NULL when memory is short. */
struct json *policy_record(struct digester *digester, const struct store_document *stored,
                           size_t stored_count, const struct store_document *fresh, size_t count,
                           const struct snapshot *snapshot);
/* {"count","documents":[{"kind","name","version"}],"dry_run"}: what was not taken. "dry_run" only
 * of a trial. NULL when memory is short. */
struct json *policy_record_refused(const struct store_document *fresh, size_t count, bool dry_run);

#endif
