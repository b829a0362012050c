#include "policy/chain/chain.h"

#include "base/limits.h"
#include "base/text.h"
#include "evidence/eventlog.h"
#include "policy/chain/chain_payload.h"
#include "policy/chain/chain_walk.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

/* Where a PCR's measurements belong, unless `look` finds a better place within the same class. */
static const struct home {
    enum gb_link link;
    enum ref_class cls;
    int (*look)(struct chain_walk *walk, struct chain_event *event, struct gb_err *err);
} homes[GB_LIMIT_PCRS] = {
    [0] = {GB_LINK_FIRMWARE, REF_PLATFORM, NULL},
    [1] = {GB_LINK_FIRMWARE, REF_PLATFORM, NULL},
    [2] = {GB_LINK_OPTION_ROMS, REF_PLATFORM, NULL},
    [3] = {GB_LINK_OPTION_ROMS, REF_PLATFORM, NULL},
    [4] = {GB_LINK_BOOTLOADER, REF_OS, chain_walk_image},
    [5] = {GB_LINK_BOOTLOADER, REF_PLATFORM, NULL}, /* GPT, the boot manager's own settings */
    [6] = {GB_LINK_FIRMWARE, REF_PLATFORM, NULL},
    [7] = {GB_LINK_BOOT_POLICY, REF_PLATFORM, NULL},
    [8] = {GB_LINK_BOOTLOADER, REF_OS, chain_walk_command},
    [9] = {GB_LINK_BOOTLOADER, REF_OS, chain_walk_file},
    [10] = {GB_LINK_OS, REF_OS, NULL}, /* IMA's; nothing of a boot log belongs here */
    [11] = {GB_LINK_BOOTLOADER, REF_OS, chain_walk_section},
    [12] = {GB_LINK_CMDLINE, REF_OS, chain_walk_override},
    [13] = {GB_LINK_INITRD, REF_OS, NULL}, /* system extensions that the stub hands to the initrd */
    [14] = {GB_LINK_BOOT_POLICY, REF_PLATFORM, NULL}, /* shim's MokList */
    [15] = {GB_LINK_OS, REF_OS, NULL},
    [16] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
    [17] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
    [18] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
    [19] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
    [20] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
    [21] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
    [22] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
    [23] = {GB_LINK_BOOTLOADER, REF_OS, NULL},
};

enum ref_class chain_pcr_class(uint32_t pcr)
{
    return pcr < GB_LIMIT_PCRS ? homes[pcr].cls : REF_NONE;
}

enum gb_link chain_pcr_link(uint32_t pcr)
{
    return pcr < GB_LIMIT_PCRS ? homes[pcr].link : GB_LINK_NONE;
}

static bool is_one_of(struct gb_bytes text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (gb_bytes_is(text, words[i]))
            return true;
    return false;
}

/* EV_EFI_ACTION strings that every boot may have (PFP 1.06, 10.4.4). "UEFI Debug Mode" and "DMA
 * Protection Disabled" are not among them: those need a reference. */
static bool is_fixed_action(const struct measured *m)
{
    static const char *const boot[] = {"Calling EFI Application from Boot Option",
                                       "Returning from EFI Application from Boot Option"};
    static const char *const leave[] = {
        "Exit Boot Services Invocation", "Exit Boot Services Returned with Success",
        "Exit Boot Services Returned with Failure", "Exit Boot Services Failed"};
    if (m->type != EV_EFI_ACTION)
        return false;
    return (m->pcr == 4 && is_one_of(m->data, boot, GB_ARRAY_LEN(boot))) ||
           (m->pcr == 5 && is_one_of(m->data, leave, GB_ARRAY_LEN(leave)));
}

/* The words that systemd-pcrphase extends (systemd-pcrphase.service(8)). */
static bool is_phase(const struct measured *m)
{
    static const char *const words[] = {"enter-initrd", "leave-initrd", "sysinit",
                                        "ready",        "shutdown",     "final"};
    return m->log == GB_LOG_SYSTEMD && m->pcr == 11 &&
           is_one_of(m->data, words, GB_ARRAY_LEN(words));
}

/* What systemd says of the machine, not of what runs on it: systemd-pcrmachine.service(8),
 * systemd-pcrfs@.service(8). */
static bool is_name_of_machine(const struct measured *m)
{
    return m->log == GB_LOG_SYSTEMD && m->pcr == 15 &&
           (gb_bytes_starts(m->data, gb_bytes_str("machine-id:")) ||
            gb_bytes_starts(m->data, gb_bytes_str("file-system:")));
}

/* The same in every good boot, or of no account in it, and the digest covers the words: needs no
 * reference. */
static bool is_structure(const struct measured *m)
{
    bool is_separator = m->log == GB_LOG_BOOT && m->type == EV_SEPARATOR && m->pcr <= 7;
    return m->data_proven &&
           (is_separator || is_fixed_action(m) || is_phase(m) || is_name_of_machine(m));
}

/* An event that has no digest in the judged bank extends nothing there: it says nothing, and no set
 * could know it. eventlog_read made a finding of it. */
static bool is_unmeasured(const struct measured *m)
{
    return m->digest.len == 0;
}

static int place(struct chain_walk *walk, size_t index, struct chain_event *event,
                 struct gb_err *err)
{
    const struct measured *m = &walk->claims->boot[index];
    if (m->pcr >= GB_LIMIT_PCRS)
        return gb_err_set(err, GB_ERR_BUG, "a measurement of PCR %u", m->pcr);
    const struct home *home = &homes[m->pcr];
    *event = (struct chain_event){.measured = m, .link = home->link, .cls = home->cls};
    walk->at = index;
    if (is_structure(m) || is_unmeasured(m)) {
        event->link = GB_LINK_NONE;
        event->cls = REF_NONE;
    } else if (m->log == GB_LOG_SYSTEMD && home->cls == REF_OS) {
        event->link = GB_LINK_OS;
    } else if (home->look) {
        int r = home->look(walk, event, err);
        if (r < 0)
            return r;
    }
    return event->about ? GB_OK : chain_payload_describe(walk->arena, m, &event->about, err);
}

int chain_place(struct gb_arena *arena, const struct claims *claims,
                struct chain_event **ret_events, struct gb_err *err)
{
    struct chain_event *events =
        gb_arena_new_array(arena, struct chain_event, claims->boot_count + 1);
    if (!events)
        return gb_err_nomem(err);
    struct chain_walk walk;
    int r = chain_walk_init(&walk, arena, claims, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < claims->boot_count; i++) {
        r = place(&walk, i, &events[i], err);
        if (r < 0)
            return r;
    }
    *ret_events = events;
    return GB_OK;
}
