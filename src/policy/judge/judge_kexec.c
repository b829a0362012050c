/* A kernel that the running one started (kexec) resets no PCR: what was measured of the boot speaks
 * of the kernel before it. */
#include "evidence/ima.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "verify/claims.h"

/* Its IMA begins with another boot_aggregate; verify/ has proven that it is one. */
void judge_kexec(struct judge *judge)
{
    const struct claims *claims = judge->claims;
    for (size_t i = 0; i < claims->ima_count; i++) {
        const uint64_t place = claims->ima_from + i;
        if (place == 0 || claims->ima[i].is_violation || !ima_is_boot_aggregate(&claims->ima[i]))
            continue;
        judge_add(judge, GB_LINK_KERNEL, GB_FINDING_KERNEL_KEXEC,
                  (struct gb_event_ref){.log = GB_LOG_IMA, .index = (uint32_t)place}, NULL, NULL,
                  NULL);
        return; /* one finding tells of all */
    }
}
