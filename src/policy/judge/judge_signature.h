/* Signatures on measured files, against spec.ima.signers. Within policy/ only. */
#ifndef GB_POLICY_JUDGE_SIGNATURE_H
#define GB_POLICY_JUDGE_SIGNATURE_H

#include "base/check.h"
#include "base/err.h"
#include "evidence/ima.h"
#include "policy/judge/judge.h"
#include "policy/sets/ima_signers.h"

/* What is made of one. Both NULL: the file is not signed, or nobody's signature counts here. */
struct signed_file {
    const struct ima_signer *signer; /* whose signature it rightly has */
    const char *why_not;             /* printable: why the signature that it has does not count */
};

/* The entry has a digest that proves something (digest_strong). GB_ERR_BUG, NOMEM. */
GB_MUST_USE int judge_signature(const struct judge *judge, const struct ima_entry *entry,
                                struct signed_file *ret_signed, struct gb_err *err);

#endif
