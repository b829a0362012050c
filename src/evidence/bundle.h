/*
 * Everything a node said in one attestation, read but not proven. The offline form is a folder of
 * files as users of tpm2-tools have them; cli/ reads the files, bundle_read makes sense of their
 * bytes.
 */
#ifndef GB_EVIDENCE_BUNDLE_H
#define GB_EVIDENCE_BUNDLE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "evidence/eventlog.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"
#include "evidence/systemd_log.h"
#include "evidence/tpm_wire.h"

enum { BUNDLE_MAX_EKCERTS = 16, BUNDLE_MAX_INTERMEDIATES = 32, BUNDLE_LOG_DIGEST = 32 };

struct bundle_file {
    const char *name; /* "ekcert-0x1c00002.der", for messages */
    struct gb_bytes bytes;
};

/* The raw parts. data == NULL: not given. All borrowed by the evidence made from them. */
struct bundle {
    struct gb_bytes quote;     /* TPMS_ATTEST */
    struct gb_bytes signature; /* TPMT_SIGNATURE */
    struct gb_bytes ak_public; /* TPM2B_PUBLIC */
    struct gb_bytes ak_pem;
    struct gb_bytes pcrs_text;  /* pcrs.yaml */
    struct gb_bytes pcrs_tools; /* quote.pcrs */
    struct gb_bytes boot_log;
    struct gb_bytes systemd_log;
    struct gb_bytes ima;     /* binary or ASCII */
    struct gb_bytes cmdline; /* /proc/cmdline as text: a claim, believed once a measured digest
                                covers it */
    struct gb_bytes
        pcrs_raw; /* the quoted values one after another, in the order of the selection */
    /* Of a node that attests again and again: what it does not send twice. */
    struct gb_bytes
        boot_log_digest;    /* SHA-256 of the boot log sent earlier in this boot, in its place */
    uint64_t ima_from;      /* `ima` begins with this entry of the list; 0: with the first */
    struct gb_bytes extras; /* items that no PCR covers, believed through verify/binding.h only */
    struct bundle_file ekcerts[BUNDLE_MAX_EKCERTS];
    size_t ekcert_count;
    struct bundle_file intermediates[BUNDLE_MAX_INTERMEDIATES];
    size_t intermediate_count;
};

/* The parts, parsed. A part that was not given is absent (has_...); quote, signature, an AK and PCR
 * values always exist. */
struct evidence {
    const struct bundle *raw;
    struct tpm_attest attest;
    struct tpm_signature signature;
    bool has_ak_public;
    struct tpm_public ak_public;
    struct pcr_values pcrs;
    bool has_boot_log;
    struct eventlog boot_log;
    bool has_systemd_log;
    struct systemd_log systemd_log;
    bool has_ima;
    struct ima_log ima;
    struct gb_findings quirks; /* of the readers; verify() takes them over */
};

/* Whether it goes on from an earlier round: the IMA list from its middle, or the boot log by its
 * digest alone. */
static inline bool bundle_continues(const struct bundle *bundle)
{
    return bundle->ima_from > 0 || (bundle->boot_log_digest.data && !bundle->boot_log.data);
}

/* Reads all parts. GB_ERR_NOTFOUND names a part that must exist; GB_ERR_INPUT: "eventlog.bin: event
 * 41: ...". */
GB_MUST_USE int bundle_read(struct gb_arena *arena, const struct bundle *bundle,
                            struct evidence *ret_evidence, struct gb_err *err);

#endif
