/*
 * The proven facts of one attestation. Only verify() makes them; policy judges nothing else. A fact
 * whose proof failed is absent, and the failure stands among the findings.
 */
#ifndef GB_VERIFY_CLAIMS_H
#define GB_VERIFY_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"
#include "verify/facts.h"
#include "verify/tpm_facts.h"

/* One measurement that the quoted PCR values prove, of the firmware's log or of systemd's. */
struct measured {
    enum gb_log log;
    uint32_t index;
    uint32_t pcr;
    uint32_t type;                       /* event_type; for systemd's own EV_IPL */
    struct gb_bytes digest;              /* in the bank claims.bank */
    struct gb_bytes others[DIGEST_ALGS]; /* in further banks that replay, by place in digest_algs */
    struct gb_bytes data;                /* the log's words */
    bool data_proven; /* the digest covers `data` (or what it stands for): the words may be believed
                       */
};

/* Its digest in the bank at `position` of digest_algs; empty where that bank proves none. Banks are
 * told apart by the lengths of their digests. */
static inline struct gb_bytes measured_digest(const struct measured *m, size_t position)
{
    return m->digest.len == digest_size(digest_algs[position]) ? m->digest : m->others[position];
}

struct claims {
    bool quote_proven; /* signature, magic, type, and nonce where one was asked */
    enum digest_alg
        bank; /* the SHA-2 bank in which all is judged; DIGEST_NONE when none is proven */
    struct pcr_selection quoted; /* which banks and PCRs the quote covers */

    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    uint64_t firmware_version;

    /* Boot measurements in order; present when the boot logs replay to the quoted values of `bank`.
     */
    bool has_boot;
    const struct measured *boot;
    size_t boot_count;

    /* IMA entries up to the quoted value; present when the list replays in `bank` (or in its padded
     * form). */
    bool has_ima;
    const struct ima_entry *ima;
    size_t ima_count;

    /* The evidence went on from an earlier round: boot measurements and the first `ima_from`
     * entries were proven then and are not here; `ima` has the entries behind them. */
    bool continues;
    size_t ima_from;

    /* The kernel's command line as text, when a measurement proves it (the kernel stub's
     * of its LoadOptions, or GRUB's); data is NULL otherwise. UTF-8 as the node sent
     * it, not escaped, without a closing newline. */
    struct gb_bytes cmdline;
    size_t cmdline_at; /* which of `boot` it is, in PCR 9; boot_count: GRUB's words prove it, or
                          nothing does */

    /* Items that no PCR covers, when the quote's qualifyingData covers them (verify/binding.h);
     * data is NULL otherwise. */
    struct gb_bytes extras;

    /* Whom was asked, as `asked` had it, and when it was judged (seconds since 1970, UTC; 0: not
     * told). Nothing of these comes from the evidence. */
    const struct node_facts *facts; /* or NULL */
    int64_t time_s;

    bool ek_certified; /* an EK certificate chains to a root given */
    struct tpm_facts tpm;

    struct gb_findings findings; /* of reading and verifying */
};

/* Whether the evidence is refused as such: a finding against it, not against what it proves. */
bool claims_refused(const struct claims *claims);

#endif
