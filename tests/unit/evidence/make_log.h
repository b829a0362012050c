/* Builds small TCG event logs in memory, so that tests choose every quirk. */
#ifndef GB_TESTS_MAKE_LOG_H
#define GB_TESTS_MAKE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "crypto/digest.h"

struct make_log {
    struct gb_buf out;
    struct digester *digester;
    enum digest_alg algs[DIGEST_ALGS];
    size_t alg_count; /* 0: an old log, SHA-1 only */
};

/* Writes the Spec ID event; no algorithms: writes nothing, and events are of the old form. */
void make_log_begin(struct make_log *log, const enum digest_alg *algs, size_t count);
void make_log_end(struct make_log *log);
/* Only SHA-256, or SHA-256 and SHA-384. */
void make_log_begin_sha256(struct make_log *log);

/* An event whose digests cover `covered`. */
void make_log_event(struct make_log *log, uint32_t pcr, uint32_t type, struct gb_bytes data,
                    struct gb_bytes covered);
/* An event whose digests cover its data. */
void make_log_add(struct make_log *log, uint32_t pcr, uint32_t type, struct gb_bytes data);
void make_log_text(struct make_log *log, uint32_t pcr, uint32_t type, const char *text);
/* EV_NO_ACTION: zero digests. */
void make_log_no_action(struct make_log *log, uint32_t pcr, struct gb_bytes data);
/* Separators of PCRs 0-7. */
void make_log_separators(struct make_log *log);
void make_log_separator(struct make_log *log, uint32_t pcr);

/* UEFI_VARIABLE_DATA; `name` is ASCII. */
void make_variable(struct gb_buf *out, const uint8_t guid[16], const char *name,
                   struct gb_bytes data);
/* ASCII as UTF-16LE without a closing NUL. */
void make_utf16(struct gb_buf *out, const char *ascii);

#endif
