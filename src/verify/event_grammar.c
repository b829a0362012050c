#include "verify/event_grammar.h"

#include "base/encode.h"
#include "evidence/eventlog.h"
#include "evidence/pcr.h"
#include "evidence/uefi.h"

enum {
    FIRMWARE_PCRS = 8,   /* 0 to 7 are the firmware's, each closed by a separator */
    CC_REGISTERS = 0x1e, /* RTMR 0 to 3 have the indexes 1 to 4 */
    SHOWN_VALUE = 16,
};

#define PCR(n)         (UINT32_C(1) << (n))
#define PCRS(from, to) (((PCR(to) - 1) | PCR(to)) & ~(PCR(from) - 1))

/*
 * Where a type belongs and, of PCRs 0-7, where it may still come after the separator (PFP 1.06,
 * 3.3.4 and 10.4.1; real logs decide where that is silent). A type that is not listed belongs
 * anywhere and is expected nowhere late.
 */
static const struct place {
    uint32_t type;
    uint32_t pcrs;
    uint32_t late;
} places[] = {
    {EV_S_CRTM_CONTENTS, PCR(0), 0},
    {EV_S_CRTM_VERSION, PCR(0), 0},
    {EV_EFI_HCRTM_EVENT, PCR(0), 0},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB, PCRS(0, 4), 0},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB2, PCRS(0, 4), 0},
    {EV_EFI_BOOT_SERVICES_APPLICATION, PCR(2) | PCR(4), PCR(4)},
    {EV_EFI_BOOT_SERVICES_DRIVER, PCR(0) | PCR(2) | PCR(4), PCR(4)},
    {EV_EFI_RUNTIME_SERVICES_DRIVER, PCR(0) | PCR(2) | PCR(4), PCR(4)},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, PCR(1) | PCR(3) | PCR(5) | PCR(7), 0},
    {EV_EFI_VARIABLE_BOOT, PCR(1) | PCR(5), PCR(1) | PCR(5)},
    {EV_EFI_VARIABLE_BOOT2, PCR(1) | PCR(5), PCR(1) | PCR(5)},
    {EV_EFI_VARIABLE_AUTHORITY, PCR(7), PCR(7)},
    {EV_EFI_GPT_EVENT, PCR(5), PCR(5)},
    {EV_EFI_GPT_EVENT2, PCR(5), PCR(5)},
    {EV_EFI_HANDOFF_TABLES, PCR(1), PCR(1)},
    {EV_EFI_HANDOFF_TABLES2, PCR(1), PCR(1)},
    {EV_PLATFORM_CONFIG_FLAGS, PCRS(0, 3), PCR(1)},
    {EV_TABLE_OF_DEVICES, PCR(1) | PCR(3), PCR(1)},
    {EV_EFI_ACTION, PCRS(0, 7), PCR(4) | PCR(5)},
    {EV_ACTION, PCRS(0, 7), PCR(4) | PCR(5)},
    {EV_IPL, PCRS(4, 5) | PCRS(8, 15), PCRS(4, 5)},
    {EV_IPL_PARTITION_DATA, PCRS(4, 5), PCRS(4, 5)},
    {EV_EVENT_TAG, PCRS(1, 23), PCR(5)},
};

static const struct place *place_of(uint32_t type)
{
    static const struct place anywhere = {.pcrs = PCRS(0, 23)};
    for (size_t i = 0; i < GB_ARRAY_LEN(places); i++)
        if (places[i].type == type)
            return &places[i];
    return &anywhere;
}

struct judge {
    struct gb_arena *arena;
    struct gb_findings *findings;
    uint32_t closed; /* PCRs that have had their separator */
};

static void report(struct judge *j, enum gb_finding_code code, const struct boot_event *event)
{
    char room[11];
    gb_finding_add(j->findings, code,
                   (struct gb_event_ref){.log = GB_LOG_BOOT, .index = event->index},
                   gb_arena_printf(j->arena, "%s", event_type_name(event->type, room)),
                   gb_arena_printf(j->arena, "%u", event->pcr), NULL);
}

static void report_separator(struct judge *j, enum gb_finding_code code,
                             const struct boot_event *event, const char *value)
{
    gb_finding_add(j->findings, code,
                   (struct gb_event_ref){.log = GB_LOG_BOOT, .index = event->index},
                   gb_arena_printf(j->arena, "%u", event->pcr), value, NULL);
}

/* 0 and FFFFFFFF are legal, 1 reports an error (PFP 1.06, 10.4.1). Beyond PCR 7 separators are the
 * operating system's: Windows writes "WBCL". */
static void judge_separator(struct judge *j, const struct boot_event *event)
{
    if (event->pcr >= FIRMWARE_PCRS)
        return;
    struct gb_bytes data = event->data;
    bool word = data.len == 4;
    if (data.len >= 4 && data.data[0] == 1 && gb_bytes_all(gb_bytes(data.data + 1, 3), 0))
        report_separator(j, GB_FINDING_EVENT_SEPARATOR_ERROR, event, NULL);
    else if (!word || (!gb_bytes_all(data, 0) && !gb_bytes_all(data, 0xff)))
        report_separator(j, GB_FINDING_EVENT_SEPARATOR_VALUE, event,
                         gb_text_escape(j->arena, data, SHOWN_VALUE));
    if (j->closed >> event->pcr & 1)
        report_separator(j, GB_FINDING_EVENT_SEPARATOR_TWICE, event, NULL);
    j->closed |= PCR(event->pcr);
}

/* shim measures MokList and MokListX into PCR 7 when it starts. */
static bool is_shims_variable(const struct boot_event *event)
{
    struct uefi_variable variable;
    return event->type == EV_EFI_VARIABLE_DRIVER_CONFIG &&
           uefi_variable_split(event->data, &variable, NULL) == 0 &&
           uefi_guid_equal(&variable.guid, &UEFI_SHIM_LOCK);
}

/*
 * Behind the separator of PCR 0 firmware code has ended, and behind that of PCR 7 Secure Boot's
 * policy may not change: what comes there was measured by somebody who may lie. In the others real
 * firmware is late now and then; what it measures is judged by its digest all the same.
 */
static void judge_late(struct judge *j, const struct boot_event *event)
{
    if (event->pcr == 0 || (event->pcr == 7 && !is_shims_variable(event)))
        report(j, GB_FINDING_EVENT_AFTER_SEPARATOR, event);
    else if (event->pcr != 7)
        report(j, GB_FINDING_EVENT_LATE, event);
}

static void judge_event(struct judge *j, const struct boot_event *event)
{
    const struct place *place = place_of(event->type);
    if (event->type == EV_NO_ACTION)
        return;
    if (event->type == EV_SEPARATOR) {
        judge_separator(j, event);
        return;
    }
    if (!(place->pcrs >> event->pcr & 1))
        report(j, GB_FINDING_EVENT_PCR, event);
    if (j->closed >> event->pcr & 1 && !(place->late >> event->pcr & 1))
        judge_late(j, event);
}

/* Only the registers that a confidential VM has are in such a log. Nothing else is judged, since
 * several PCRs share one; a TPM's log that claims to be one is caught here, by its PCR 0. */
static void judge_cc_event(struct judge *j, const struct boot_event *event)
{
    if (event->type != EV_NO_ACTION && !(CC_REGISTERS >> event->pcr & 1))
        report(j, GB_FINDING_EVENT_PCR, event);
}

static void judge_end(struct judge *j, size_t measured)
{
    uint32_t open = PCRS(0, 7) & ~j->closed;
    if (measured == 0)
        gb_finding_add(j->findings, GB_FINDING_LOG_EMPTY, GB_NO_EVENT, NULL, NULL, NULL);
    else if (open != 0)
        gb_finding_add(j->findings, GB_FINDING_EVENT_SEPARATOR_MISSING, GB_NO_EVENT,
                       pcr_mask_text(j->arena, open), NULL, NULL);
}

int event_grammar_judge(struct gb_arena *arena, const struct eventlog *log,
                        struct gb_findings *findings, struct gb_err *err)
{
    struct judge j = {.arena = arena, .findings = findings};
    size_t measured = 0;
    for (size_t i = 0; i < log->count; i++) {
        measured += log->events[i].type != EV_NO_ACTION;
        if (log->cc_registers)
            judge_cc_event(&j, &log->events[i]);
        else
            judge_event(&j, &log->events[i]);
    }
    if (log->cc_registers)
        j.closed = PCRS(0, 7);
    judge_end(&j, measured);
    return findings->failed ? gb_err_nomem(err) : GB_OK;
}
