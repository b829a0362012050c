/* spec.optionRoms: code of cards, which firmware measures into PCR 2. */
#include "base/encode.h"
#include "crypto/digest.h"
#include "policy/chain/chain.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "policy/rules/rules.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

enum { ROM_PCR = 2 };

/* Any type: the type of an event is only what the log says. */
static bool is_rom(const struct chain_event *event)
{
    return event->link == GB_LINK_OPTION_ROMS && event->measured->pcr == ROM_PCR;
}

static bool set_knows(const struct ref_set *set, const struct measured *m)
{
    for (const struct ref_event *e = set->events; e; e = e->next) {
        if (e->link != GB_LINK_OPTION_ROMS || e->pcr != m->pcr)
            continue;
        for (size_t i = 0; i < DIGEST_ALGS; i++)
            if (e->digest[i].len > 0 && gb_bytes_equal(e->digest[i], measured_digest(m, i)))
                return true;
    }
    return false;
}

static bool is_known(const struct judge *judge, const struct measured *m)
{
    const struct ref_set *set;
    for (size_t at = 0; (set = judge_next_set(&judge->sets.accepted, REF_PLATFORM, &at));)
        if (set_knows(set, m))
            return true;
    return false;
}

void judge_option_roms(struct judge *judge)
{
    enum option_roms_rule rule = judge->node->rules.option_roms;
    bool good = true;
    if (rule == OPTION_ROMS_ANY)
        return;
    if (!judge->claims->has_boot) {
        judge_add(judge, GB_LINK_OPTION_ROMS, GB_FINDING_REF_NO_BOOT, GB_NO_EVENT, NULL, NULL,
                  NULL);
        return;
    }
    for (size_t i = 0; i < judge->claims->boot_count; i++) {
        const struct chain_event *event = &judge->events[i];
        const struct measured *m = event->measured;
        if (!is_rom(event) || (rule == OPTION_ROMS_KNOWN && is_known(judge, m)))
            continue;
        good = false;
        judge_add(judge, GB_LINK_OPTION_ROMS,
                  rule == OPTION_ROMS_NONE ? GB_FINDING_ROM_PRESENT : GB_FINDING_ROM_UNKNOWN,
                  (struct gb_event_ref){.log = m->log, .index = m->index}, event->about,
                  judge_text(judge, gb_hex(judge->arena, m->digest)), NULL);
    }
    if (good)
        judge_add(judge, GB_LINK_OPTION_ROMS, GB_FINDING_ROM_OK, GB_NO_EVENT, NULL, NULL, NULL);
}
