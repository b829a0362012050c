/* Who made a TPM tells what it is: a chip or a part of a processor, or a program on a host that can
 * read, copy and roll back all of it (T13). */
#ifndef GB_POLICY_TPM_MAKER_H
#define GB_POLICY_TPM_MAKER_H

#include "result/verdict.h"
#include "verify/tpm_facts.h"

/* By maker and model of an EK certificate that chains to a root given. A maker that is not listed
 * is VERDICT_TPM_UNKNOWN; so is one of whom nothing is proven. */
enum verdict_tpm tpm_maker_kind(const struct tpm_facts *facts);

#endif
