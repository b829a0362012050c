/* What no PCR covers and the quote's qualifyingData does: versions, for the operator's eyes. */
#ifndef GB_AGENT_EXTRAS_H
#define GB_AGENT_EXTRAS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* One CBOR map of text: agent, kernel, boot_id, os, os_version, and vendor, model and firmware as
 * the machine's DMI tables name them; what is not known is left out. GB_ERR_NOMEM. */
GB_MUST_USE int extras_make(struct gb_arena *arena, struct gb_bytes *ret_extras,
                            struct gb_err *err);
/* The value of `key` in os-release(5) text, without quotes; empty when absent. */
struct gb_bytes extras_os_value(struct gb_bytes text, const char *key);

#endif
