/* The judges of spec's rules (policy/rules/rules.h): what no reference set can make up for. Called
 * by appraise; each does nothing where the policy has no such rule. */
#ifndef GB_POLICY_JUDGE_RULES_H
#define GB_POLICY_JUDGE_RULES_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "evidence/ima.h"
#include "policy/judge/judge.h"
#include "result/verdict.h"

/* spec.secureBoot.dbx and .sbat against what was measured into PCR 7. */
GB_MUST_USE int judge_dbx(struct judge *judge, struct gb_err *err);
void judge_sbat(struct judge *judge);
/* spec.deny against all boot measurements. */
void judge_denied_boot(struct judge *judge);
/* spec.deny against the files of this round. */
void judge_denied_files(struct judge *judge);
/* spec.cmdline against the command line that is proven. */
void judge_cmdline(struct judge *judge);
/* spec.optionRoms against PCR 2. */
void judge_option_roms(struct judge *judge);
/* spec.tpm against what is proven of the TPM. */
void judge_tpm(struct judge *judge);

/* Whether the policy lets entry `index` pass, which no set knows; then the finding is added. */
bool judge_ima_exception(struct judge *judge, size_t index, enum gb_link link);
/* spec.ima.criticalData: refuse. */
void judge_ima_critical(struct judge *judge);
/* By every policy: whether the kernel that runs is still the one that was measured. */
void judge_kexec(struct judge *judge);

#endif
