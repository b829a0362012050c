/* What a measurement's record says: the payload readers of evidence/, made lenient. A payload that
 * does not decode is one without words, not an error: its digest counts all the same. */
#ifndef GB_POLICY_CHAIN_PAYLOAD_H
#define GB_POLICY_CHAIN_PAYLOAD_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/uefi.h"
#include "verify/claims.h"

/* An EV_IPL of the firmware's log; kind UEFI_IPL_OTHER and text "" for anything else. */
GB_MUST_USE int chain_payload_ipl(struct gb_arena *arena, const struct measured *m,
                                  struct uefi_ipl *ret_ipl, struct gb_err *err);
/* The id of an EV_EVENT_TAG, 0 for anything else. */
uint32_t chain_payload_tag(const struct measured *m);
/* One printable line of at most some 160 bytes. */
GB_MUST_USE int chain_payload_describe(struct gb_arena *arena, const struct measured *m,
                                       const char **ret_about, struct gb_err *err);

#endif
