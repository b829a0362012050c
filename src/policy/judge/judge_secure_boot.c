#include <string.h>

#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "policy/judge/judge.h"
#include "policy/policy.h"
#include "policy/rules/rules.h"
#include "verify/claims.h"

enum state { STATE_UNKNOWN, STATE_ON, STATE_OFF, STATE_UNCLEAR };
static const char *const state_names[] = {"unknown", "on", "off", "measured both on and off"};

/* One measured SecureBoot variable (UEFI 2.10, 3.3): 1 is on. Any other event says nothing. */
static int state_of(struct judge *judge, const struct measured *m, enum state *ret_state,
                    struct gb_err *err)
{
    *ret_state = STATE_UNKNOWN;
    if (m->log != GB_LOG_BOOT || m->pcr != 7 || m->type != EV_EFI_VARIABLE_DRIVER_CONFIG ||
        !m->data_proven || m->digest.len == 0)
        return GB_OK;
    struct uefi_variable variable;
    int r = uefi_variable_read(judge->arena, m->data, &variable, NULL);
    if (r == GB_ERR_NOMEM)
        return gb_err_nomem(err);
    if (r < 0)
        return GB_OK;
    if (!uefi_guid_equal(&variable.guid, &UEFI_GLOBAL_VARIABLE) ||
        strcmp(variable.name, "SecureBoot") != 0)
        return GB_OK;
    *ret_state = variable.data.len == 1 && variable.data.data[0] == 1 ? STATE_ON : STATE_OFF;
    return GB_OK;
}

/* The first measurement of PCR 7 is the SecureBoot variable (PFP 1.06, 3.3.4.8): who comes later
 * may say what he likes, and what does not come first says nothing. */
static int proven_state(struct judge *judge, enum state *ret_state, struct gb_event_ref *ret_where,
                        struct gb_err *err)
{
    *ret_state = STATE_UNKNOWN;
    for (size_t i = 0; i < judge->claims->boot_count; i++) {
        const struct measured *m = &judge->claims->boot[i];
        enum state one = STATE_UNKNOWN;
        if (m->pcr != 7)
            continue;
        int r = state_of(judge, m, &one, err);
        if (r < 0)
            return r;
        if (one == STATE_UNKNOWN) {
            if (*ret_state == STATE_UNKNOWN)
                return GB_OK;
            continue;
        }
        *ret_state = *ret_state == STATE_UNKNOWN || *ret_state == one ? one : STATE_UNCLEAR;
        *ret_where = (struct gb_event_ref){.log = m->log, .index = m->index};
    }
    return GB_OK;
}

int judge_secure_boot_is_on(struct judge *judge, bool *ret_on, struct gb_err *err)
{
    enum state state = STATE_UNKNOWN;
    struct gb_event_ref where = GB_NO_EVENT;
    int r = proven_state(judge, &state, &where, err);
    *ret_on = r == GB_OK && state == STATE_ON;
    return r;
}

int judge_secure_boot(struct judge *judge, struct gb_err *err)
{
    enum policy_want want = judge->node->rules.secure_boot.want;
    enum state state = STATE_UNKNOWN;
    struct gb_event_ref where = GB_NO_EVENT;
    if (want == POLICY_ANY)
        return GB_OK;
    int r = proven_state(judge, &state, &where, err);
    if (r < 0)
        return r;
    bool good =
        (want == POLICY_ON && state == STATE_ON) || (want == POLICY_OFF && state == STATE_OFF);
    judge_add(judge, GB_LINK_BOOT_POLICY, good ? GB_FINDING_SECURE_BOOT_OK : GB_FINDING_SECURE_BOOT,
              where, state_names[state], want == POLICY_ON ? "on" : "off", NULL);
    return GB_OK;
}
