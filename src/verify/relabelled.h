/* Entries of IMA lists that stand under a template which is not their own: no PCR covers its name.
 */
#ifndef GB_VERIFY_RELABELLED_H
#define GB_VERIFY_RELABELLED_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/ima.h"

/*
 * The kernel's digest of a buffer is the hash of the bytes that stand in the entry
 * (ima_main.c, process_buffer_measurement), and a file's is of none of them. So this tells the two
 * apart, whatever the list calls them: adds a finding for each of the first `count` entries that
 * says it is one and is the other. Violations, entries of other PCRs than 10, and digests that we
 * cannot compute are passed over: nothing is accepted by these.
 */
GB_MUST_USE int relabelled_judge(struct digester *digester, const struct ima_log *log, size_t count,
                                 struct gb_findings *findings, struct gb_err *err);

#endif
