#include "policy/rules/cmdline_bound.h"

#include <stddef.h>
#include <stdint.h>

#include "policy/chain/chain.h"
#include "verify/claims.h"
#include "verify/cmdline.h"

enum { GRUB_PCR = 8, STUB_PCR = 9, UKI_PCR = 11, OVERRIDE_PCR = 12 };

/* What the boot logs have of one PCR. */
struct tally {
    size_t measured;
    size_t hidden; /* of them: words that no digest proves, or told outside the firmware's log */
    size_t texts;  /* of them: command lines */
    size_t grub;   /* of them: of GRUB's */
};

static struct tally tally_of(const struct claims *claims, const struct chain_event *events,
                             uint32_t pcr)
{
    struct tally tally = {0};
    for (size_t i = 0; i < claims->boot_count; i++) {
        const struct measured *m = &claims->boot[i];
        if (m->pcr != pcr || m->digest.len == 0)
            continue;
        tally.measured++;
        tally.hidden += !m->data_proven || m->log != GB_LOG_BOOT;
        tally.texts += events[i].text.data != NULL;
        tally.grub += events[i].text.data && cmdline_of_grub(m).data;
    }
    return tally;
}

/* A UKI's sections; systemd's words in the same PCR are not from its stub. */
static bool has_uki(const struct claims *claims, const struct chain_event *events)
{
    for (size_t i = 0; i < claims->boot_count; i++)
        if (claims->boot[i].pcr == UKI_PCR && claims->boot[i].digest.len > 0 &&
            events[i].link != GB_LINK_NONE)
            return true;
    return false;
}

/* Where the log itself says that the stub measured another one, it is believed. */
static bool stub_says_other(const struct claims *claims, const struct chain_event *events)
{
    const struct chain_event *last = NULL;
    for (size_t i = 0; i < claims->boot_count; i++)
        if (cmdline_said_by_stub(&claims->boot[i]))
            last = &events[i];
    return last && !last->text.data;
}

/* Nothing measures into PCR 9 before the kernel's stub but GRUB: what comes later, anybody who runs
 * can measure. */
static bool is_first_of_stub(const struct claims *claims)
{
    for (size_t i = 0; i < claims->cmdline_at; i++)
        if (claims->boot[i].pcr == STUB_PCR && claims->boot[i].digest.len > 0)
            return false;
    return true;
}

bool cmdline_is_bound(const struct claims *claims, const struct chain_event *events)
{
    struct tally grub = tally_of(claims, events, GRUB_PCR);
    struct tally stub = tally_of(claims, events, STUB_PCR);
    struct tally override = tally_of(claims, events, OVERRIDE_PCR);
    bool by_stub = claims->cmdline.data && claims->cmdline_at < claims->boot_count;
    if (stub_says_other(claims, events) || grub.hidden > 0)
        return false;
    if (grub.grub > 0)
        return by_stub || !has_uki(claims, events);
    if (by_stub)
        return grub.measured > 0 || is_first_of_stub(claims);
    return stub.measured == 0 && !has_uki(claims, events) && override.hidden == 0 &&
           grub.texts + override.texts > 0;
}

bool cmdline_is_whole(const struct chain_event *event)
{
    return event->text.data &&
           (event->measured->pcr == STUB_PCR || cmdline_of_grub(event->measured).data);
}
