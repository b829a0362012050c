/*
 * systemd's userspace measurements, made after the firmware log is closed: tpm2-measure.log
 * (systemd 255 on: JSON text sequence, RFC 7464), and the words that systemd-pcrphase extends into
 * PCR 11 without any log (systemd 252).
 */
#ifndef GB_EVIDENCE_SYSTEMD_LOG_H
#define GB_EVIDENCE_SYSTEMD_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "crypto/digest.h"

struct systemd_event {
    uint32_t index;
    uint32_t pcr;
    const uint8_t *digest[DIGEST_ALGS]; /* by position in digest_algs; NULL when absent */
    const char *text;                   /* content.string, not escaped; "" when absent */
    const char *type; /* content.eventType: "phase", "machine-id", ...; "" when absent */
};

struct systemd_log {
    struct systemd_event *events;
    size_t count;
};

/* GB_ERR_INPUT: "record 3: ..." with the byte offset. */
GB_MUST_USE int systemd_log_read(struct gb_arena *arena, struct gb_bytes in,
                                 struct systemd_log *ret_log, struct gb_err *err);

/* The sequences of pcrphase words that a booted system can have extended, longest useful first is
 * not needed: verify/ tries each. Rows end with NULL. */
enum { SYSTEMD_PHASE_WORDS = 8 };
extern const char *const systemd_phases[][SYSTEMD_PHASE_WORDS];
extern const size_t systemd_phase_count;

#endif
