/*
 * Whether the store's rows, the log's files and the signer's memory are of one history, and which
 * of them is older when they are not. Every refusal is GB_ERR_CONFIG: only an operator can mend
 * it. docs/service.md, "Backup", lists the messages.
 */
#ifndef GB_SERVER_SEQUENCER_AGREE_H
#define GB_SERVER_SEQUENCER_AGREE_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "ledger/log.h"
#include "rpc/keyd.h"
#include "store/store.h"

/* The files against the rows that are kept: no gap between them, and the same text where both have
 * an entry. */
GB_MUST_USE int sequencer_agree_files(struct log *log, struct store *store, struct gb_err *err);
/* `signed_size`: of the checkpoint in the folder; `next`: the number of the store's next entry. */
GB_MUST_USE int sequencer_agree_sizes(uint64_t signed_size, uint64_t next,
                                      const struct keyd_ledger *state, struct gb_err *err);
/* Ours against the signer's, of the same size. */
GB_MUST_USE int sequencer_agree_root(uint64_t size, const uint8_t ours[32],
                                     const uint8_t theirs[32], struct gb_err *err);

#endif
