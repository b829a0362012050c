/* What keyd wants for a certificate or a token: an answer to its own nonce, and the AK's word for
 * the transport key. */
#ifndef GB_AGENT_PROOF_H
#define GB_AGENT_PROOF_H

#include "agent/config.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "wire/json.h"

/* Asks POST /v1/nonce, then makes {"nonce","evidence","certify_attest","certify_signature",
 * "transport_public"}. The evidence is whole, with all logs. The caller frees. */
GB_MUST_USE int proof_make(const struct config *config, struct machine *machine, struct link *link,
                           struct gb_arena *arena, struct json **ret_body, struct gb_err *err);

#endif
