#include "evidence/eventlog.h"

#include <string.h>

#include "base/reader.h"
#include "crypto/digest.h"
#include "evidence/eventlog_event.h"

enum {
    FIRST_EVENTS = 128, /* most logs fit; longer ones double */
};

static const char startup_locality[16] = "StartupLocality";
enum { STARTUP_LOCALITY_SIZE = sizeof startup_locality + 1 };

/* What a log shows while it is read, beside its events. */
struct progress {
    size_t room;                         /* of log->events */
    bool pcr0_extended;                  /* then a startup locality comes too late */
    uint32_t missing_in[GB_LIMIT_BANKS]; /* PCRs already reported for lacking this bank */
};

/* The locality counts only where firmware writes it: an EV_NO_ACTION of PCR 0 that comes before
 * anything is extended there (PFP 1.06, 10.4.5.3). Elsewhere it would let a log choose PCR 0. */
static void note_locality(struct eventlog *log, const struct progress *p,
                          const struct boot_event *e)
{
    if (e->pcr != 0 || p->pcr0_extended || e->data.len != STARTUP_LOCALITY_SIZE ||
        !gb_bytes_starts(e->data, gb_bytes(startup_locality, sizeof startup_locality)))
        return;
    uint8_t locality = e->data.data[STARTUP_LOCALITY_SIZE - 1];
    if (locality == 3 || locality == 4)
        log->startup_locality = locality;
}

static void note_missing_banks(const struct eventlog *log, struct progress *p,
                               const struct boot_event *e, struct gb_findings *findings)
{
    for (size_t b = 0; b < log->bank_count; b++) {
        enum digest_alg alg = digest_from_id(log->banks[b].alg_id);
        if (e->digest[b] || alg == DIGEST_NONE || p->missing_in[b] >> e->pcr & 1)
            continue;
        p->missing_in[b] |= UINT32_C(1) << e->pcr;
        gb_finding_add(findings, GB_FINDING_LOG_BANK_MISSING,
                       (struct gb_event_ref){.log = GB_LOG_BOOT, .index = e->index},
                       gb_arena_printf(findings->arena, "%u", e->pcr), digest_name(alg), NULL);
    }
}

static int append(struct gb_arena *arena, struct eventlog *log, struct progress *p,
                  const struct boot_event *event, struct gb_err *err)
{
    if (log->count == GB_LIMIT_EVENTS)
        return gb_err_at(err, GB_ERR_LIMIT, event->offset, "more than %d events", GB_LIMIT_EVENTS);
    if (log->count == p->room) {
        size_t room = p->room ? 2 * p->room : FIRST_EVENTS;
        struct boot_event *events = gb_arena_alloc_raw(arena, room, sizeof *events);
        if (!events)
            return gb_err_nomem(err);
        if (log->count > 0)
            memcpy(events, log->events, log->count * sizeof *events);
        log->events = events;
        p->room = room;
    }
    log->events[log->count++] = *event;
    return GB_OK;
}

/* Takes one event in: its place in the list, and what it says about the log. */
static int take(struct gb_arena *arena, struct eventlog *log, struct progress *p,
                const struct boot_event *event, struct gb_findings *findings, struct gb_err *err)
{
    int r = append(arena, log, p, event, err);
    if (r < 0)
        return r;
    if (event->type == EV_NO_ACTION) {
        note_locality(log, p, event);
        return GB_OK;
    }
    if (event->pcr == 0)
        p->pcr0_extended = true;
    note_missing_banks(log, p, event, findings);
    return GB_OK;
}

static void note_form(const struct eventlog *log, size_t padding, struct gb_findings *findings)
{
    if (!log->crypto_agile)
        gb_finding_add(findings, GB_FINDING_LOG_NO_HEADER, GB_NO_EVENT, NULL, NULL, NULL);
    for (size_t b = 0; b < log->bank_count; b++)
        if (digest_from_id(log->banks[b].alg_id) == DIGEST_NONE)
            gb_finding_add(
                findings, GB_FINDING_LOG_BANK_UNKNOWN, (struct gb_event_ref){.log = GB_LOG_BOOT},
                gb_arena_printf(findings->arena, "0x%04x", log->banks[b].alg_id), NULL, NULL);
    if (padding > 0)
        gb_finding_add(findings, GB_FINDING_LOG_PADDING, GB_NO_EVENT,
                       gb_arena_printf(findings->arena, "%zu", padding), NULL, NULL);
}

static int read_all(struct gb_arena *arena, struct gb_reader *r, struct eventlog *log,
                    struct gb_findings *findings, struct gb_err *err)
{
    struct progress progress = {0};
    struct boot_event event;
    int ret = eventlog_read_header(r, log, &event, err);
    if (ret == 0)
        ret = take(arena, log, &progress, &event, findings, err);
    while (ret == 0 && !eventlog_ends(r, log->crypto_agile)) {
        event = (struct boot_event){.index = (uint32_t)log->count, .offset = gb_reader_offset(r)};
        ret = eventlog_read_event(r, log, &event, err);
        if (ret == 0)
            ret = take(arena, log, &progress, &event, findings, err);
    }
    if (ret < 0) {
        gb_err_prefix(err, "event %zu: ", log->count);
        return ret;
    }
    note_form(log, gb_reader_left(r), findings);
    return findings->failed ? gb_err_nomem(err) : GB_OK;
}

int eventlog_read(struct gb_arena *arena, struct gb_bytes in, struct eventlog *ret_log,
                  struct gb_findings *findings, struct gb_err *err)
{
    if (in.len > GB_LIMIT_BOOT_LOG)
        return gb_err_set(err, GB_ERR_LIMIT, "the boot log is larger than %d bytes",
                          GB_LIMIT_BOOT_LOG);
    struct gb_reader r;
    gb_reader_init(&r, in);
    struct eventlog log = {0};
    int ret = read_all(arena, &r, &log, findings, err);
    if (ret == 0)
        *ret_log = log;
    return ret;
}
