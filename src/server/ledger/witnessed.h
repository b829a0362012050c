/* Between the ledger's thread and its witnesses: checkpoints are published with the cosignatures
 * that came in time, and a proven fork, or a quorum that is missing for too long, halts the ledger.
 */
#ifndef GB_SERVER_WITNESSED_H
#define GB_SERVER_WITNESSED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "server/config.h"
#include "server/ledger/scribe.h"
#include "server/ledger/sequencer.h"
#include "server/ledger/witnesses.h"

struct witnessed;

/* Reads the configuration's witnesses, before the doors are closed; no thread yet. Codes as
 * witnesses_new. */
GB_MUST_USE int witnessed_new(const struct config *config, struct witnessed **ret_witnessed,
                              struct gb_err *err);
/* Before the scribe's thread; `scribe` publishes what comes late, and must outlive the threads. */
GB_MUST_USE int witnessed_start(struct witnessed *witnessed, struct scribe *scribe,
                                struct gb_err *err);
/* Ends the threads: after scribe_stop, before scribe_free. */
void witnessed_stop(struct witnessed *witnessed);
/* NULL is fine. After the scribe is freed, or its thread has ended. */
void witnessed_free(struct witnessed *witnessed);

/* For struct scribe_conf. What `inner` borrows must outlive it. The signer asks the witnesses
 * before it returns, and waits for those that answered last time: half a second at most. Once a
 * fork is proven it signs no more (GB_ERR_DENIED). */
struct sequencer_signer witnessed_signer(struct witnessed *witnessed,
                                         struct sequencer_signer inner);
bool witnessed_halted(void *witnessed, char why[GB_LIMIT_ERR_TEXT]);

/* Any thread, both. */
void witnessed_stand(struct witnessed *witnessed, struct witnesses_standing *ret_standing);
void witnessed_metrics(struct witnessed *witnessed, struct gb_buf *out);

#endif
