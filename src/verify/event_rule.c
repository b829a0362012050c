#include "verify/event_rule.h"

#include "evidence/eventlog.h"
#include "evidence/uefi.h"

enum { ERROR_SIZE = 4 }; /* of a separator that reports an error */

/* One zero byte that some writers hash, but do not log. */
static const uint8_t nul[1];

static void add(struct event_rule *rule, struct gb_bytes head)
{
    rule->forms[rule->count++] = (struct event_form){.head = head};
}

static void add_with_nul(struct event_rule *rule, struct gb_bytes head)
{
    rule->forms[rule->count++] =
        (struct event_form){.head = head, .tail = gb_bytes(nul, sizeof nul)};
}

/* ---- what each type's digest covers ---- */

static void whole(const struct eventlog *log, const struct boot_event *event,
                  struct event_rule *rule)
{
    (void)log;
    add(rule, event->data);
    rule->strict = true;
}

/* Vendors put either words or names of what they hash into these. */
static void whole_or_elsewhere(const struct eventlog *log, const struct boot_event *event,
                               struct event_rule *rule)
{
    (void)log;
    add(rule, event->data);
}

/* An error's separator may carry details behind the value 1 (PFP 1.06, 10.4.1). */
static void separator(const struct eventlog *log, const struct boot_event *event,
                      struct event_rule *rule)
{
    whole(log, event, rule);
    if (event->data.len > ERROR_SIZE && event->data.data[0] == 1)
        add(rule, gb_bytes(event->data.data, ERROR_SIZE));
}

/* The variable's data (EDK2), or the whole UEFI_VARIABLE_DATA (seen: HP, Supermicro). */
static void variable_boot(const struct eventlog *log, const struct boot_event *event,
                          struct event_rule *rule)
{
    struct uefi_variable variable;
    if (uefi_variable_split(event->data, &variable, NULL) == 0)
        add(rule, variable.data);
    whole(log, event, rule);
}

/* shim up to 15 logs one byte more than it hashes. */
static void authority(const struct eventlog *log, const struct boot_event *event,
                      struct event_rule *rule)
{
    struct uefi_variable variable;
    whole(log, event, rule);
    if (uefi_variable_split(event->data, &variable, NULL) == 0 && variable.tail.len > 0)
        add(rule, gb_bytes(event->data.data, event->data.len - 1));
}

/* The kernel's stub names what it hashes. Windows logs what it hashes. */
static void tag(const struct eventlog *log, const struct boot_event *event, struct event_rule *rule)
{
    struct uefi_tagged tagged;
    bool named = uefi_tagged_read(event->data, &tagged, NULL) == 0 &&
                 (tagged.id == UEFI_TAG_INITRD || tagged.id == UEFI_TAG_LOAD_OPTIONS);
    if (!named)
        whole_or_elsewhere(log, event, rule);
}

/* ---- EV_IPL ---- */

/* GRUB hashes the text behind its prefix without the NUL, RHEL 8's with it. */
static void grub_text(struct gb_bytes text, struct event_rule *rule)
{
    struct gb_bytes bare = text;
    if (bare.len > 0 && bare.data[bare.len - 1] == 0)
        bare.len--;
    add(rule, bare);
    add_with_nul(rule, bare);
    rule->strict = true;
}

/* Old systemd-boot logs one byte less than it hashes. */
static void stub_cmdline(struct gb_bytes text, struct event_rule *rule)
{
    add(rule, text);
    add_with_nul(rule, text);
    rule->strict = true;
}

/* The name as the stub hashes it: ASCII with a NUL. False when the words are no such name, whole
 * and with one closing NUL. */
static bool section_name(struct gb_bytes utf16, char out[EVENT_RULE_SECTION], size_t *ret_len)
{
    size_t len = utf16.len / 2;
    if (utf16.len % 2 != 0 || len == 0 || len > EVENT_RULE_SECTION)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = utf16.data[2 * i];
        bool last = i == len - 1;
        if (c > 0x7e || (c == 0) != last || utf16.data[2 * i + 1] != 0)
            return false;
        out[i] = (char)c;
    }
    *ret_len = len;
    return true;
}

/*
 * systemd-stub measures a UKI's section twice under the same words: first its name, then its
 * contents. So an event is contents when exactly one event with its words stands right before it in
 * this PCR. Anything else must be a name.
 */
static bool second_of_pair(const struct eventlog *log, const struct boot_event *event)
{
    size_t same = 0;
    for (size_t i = event->index; i-- > 0 && same < 2;) {
        const struct boot_event *before = &log->events[i];
        if (before->pcr != event->pcr)
            continue;
        if (before->type != EV_IPL || !gb_bytes_equal(before->data, event->data))
            break;
        same++;
    }
    return same == 1;
}

static void uki_section(const struct eventlog *log, const struct boot_event *event,
                        struct gb_bytes text, struct event_rule *rule)
{
    size_t len;
    if (second_of_pair(log, event))
        return;
    rule->strict = true;
    if (section_name(text, rule->section, &len))
        add(rule, gb_bytes(rule->section, len));
    else
        add(rule, text);
}

static void ipl(const struct eventlog *log, const struct boot_event *event, struct event_rule *rule)
{
    struct uefi_ipl_form form = uefi_ipl_split(event);
    switch (form.kind) {
    case UEFI_IPL_GRUB_COMMAND:
    case UEFI_IPL_GRUB_CMDLINE:
        grub_text(form.text, rule);
        return;
    case UEFI_IPL_STUB_CMDLINE:
        stub_cmdline(form.text, rule);
        return;
    case UEFI_IPL_UKI_SECTION:
        uki_section(log, event, form.text, rule);
        return;
    case UEFI_IPL_GRUB_FILE:
    case UEFI_IPL_SHIM_VARIABLE:
    case UEFI_IPL_OTHER:
        return;
    }
}

static const struct {
    uint32_t type;
    void (*rule)(const struct eventlog *log, const struct boot_event *event,
                 struct event_rule *rule);
} rules[] = {
    {EV_SEPARATOR, separator},
    {EV_ACTION, whole},
    {EV_EFI_ACTION, whole},
    {EV_S_CRTM_VERSION, whole},
    {EV_EFI_GPT_EVENT, whole},
    {EV_EFI_GPT_EVENT2, whole},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, whole},
    {EV_EFI_VARIABLE_BOOT, variable_boot},
    {EV_EFI_VARIABLE_BOOT2, whole},
    {EV_EFI_VARIABLE_AUTHORITY, authority},
    {EV_IPL, ipl},
    {EV_EVENT_TAG, tag},
    {EV_COMPACT_HASH, whole_or_elsewhere},
    {EV_NONHOST_INFO, whole_or_elsewhere},
    {EV_PLATFORM_CONFIG_FLAGS, whole_or_elsewhere},
};

void event_rule_of(const struct eventlog *log, const struct boot_event *event,
                   struct event_rule *ret_rule)
{
    *ret_rule = (struct event_rule){0};
    for (size_t i = 0; i < GB_ARRAY_LEN(rules); i++)
        if (rules[i].type == event->type) {
            rules[i].rule(log, event, ret_rule);
            return;
        }
}
