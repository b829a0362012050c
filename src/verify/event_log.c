#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "verify/event_data.h"
#include "verify/event_grammar.h"

struct judge {
    struct gb_arena *arena;
    struct digester *digester;
    const struct eventlog *log;
    struct gb_findings *findings;
    uint8_t zeros[DIGEST_ALGS][GB_LIMIT_DIGEST]; /* what separators come to, by digest_algs */
    uint8_t ones[DIGEST_ALGS][GB_LIMIT_DIGEST];
};

static int hash_separators(struct judge *j, struct gb_err *err)
{
    static const uint8_t zeros[4];
    static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (digest_of(j->digester, digest_algs[i], gb_bytes(zeros, 4), j->zeros[i]) < 0 ||
            digest_of(j->digester, digest_algs[i], gb_bytes(ones, 4), j->ones[i]) < 0)
            return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(digest_algs[i]));
    return GB_OK;
}

static bool has_digest_of_separator(const struct judge *j, const struct boot_event *event)
{
    for (size_t b = 0; b < j->log->bank_count; b++)
        for (size_t i = 0; event->digest[b] && i < DIGEST_ALGS; i++)
            if (j->log->banks[b].alg_id == digest_algs[i] &&
                (memcmp(event->digest[b], j->zeros[i], digest_size(digest_algs[i])) == 0 ||
                 memcmp(event->digest[b], j->ones[i], digest_size(digest_algs[i])) == 0))
                return true;
    return false;
}

/* PCR 0 begins with what the CPU measured of the firmware; an empty part of it may be four zeros.
 */
static bool begins_pcr0(const struct judge *j, const struct boot_event *event)
{
    for (const struct boot_event *e = j->log->events; e <= event; e++)
        if (e->pcr == 0 && e->type != EV_NO_ACTION && e->type != EV_S_CRTM_CONTENTS)
            return false;
    return true;
}

/* No digest covers an event's type: who calls the separator something else could go on measuring
 * behind it. In PCR 1 a boot variable may happen to hold such a value. */
static bool is_disguised_separator(const struct judge *j, const struct boot_event *event,
                                   bool proven)
{
    return !j->log->cc_registers && event->pcr <= 7 && event->type != EV_SEPARATOR &&
           event->type != EV_NO_ACTION && !(event->pcr == 1 && proven) &&
           has_digest_of_separator(j, event) && !(event->pcr == 0 && begins_pcr0(j, event));
}

/* The digest that was measured, of the strongest bank we know: the last that the log lists. */
static const char *measured_text(const struct judge *j, const struct boot_event *event)
{
    for (size_t b = j->log->bank_count; b-- > 0;) {
        enum digest_alg alg = digest_from_id(j->log->banks[b].alg_id);
        if (alg == DIGEST_NONE || !event->digest[b])
            continue;
        const char *hex = gb_hex(j->arena, gb_bytes(event->digest[b], digest_size(alg)));
        return hex ? gb_arena_printf(j->arena, "measured was %s %s", digest_name(alg), hex) : NULL;
    }
    return NULL;
}

static void report(const struct judge *j, enum gb_finding_code code, const struct boot_event *event,
                   const char *why)
{
    char room[11];
    gb_finding_add(j->findings, code,
                   (struct gb_event_ref){.log = GB_LOG_BOOT, .index = event->index},
                   gb_arena_printf(j->arena, "%s", event_type_name(event->type, room)),
                   gb_arena_printf(j->arena, "%u", event->pcr), why);
}

/* Variables and their signature lists are what later rooms read; say here when they cannot (T10).
 */
static void judge_payload(const struct judge *j, const struct boot_event *event)
{
    struct uefi_variable variable;
    struct gb_err why = {0};
    size_t count;
    if (event->type != EV_EFI_VARIABLE_DRIVER_CONFIG && event->type != EV_EFI_VARIABLE_AUTHORITY)
        return;
    int r = uefi_variable_split(event->data, &variable, &why);
    if (r == 0 && event->type == EV_EFI_VARIABLE_DRIVER_CONFIG &&
        uefi_variable_holds_signatures(&variable))
        r = uefi_signatures_count(variable.data, &count, &why);
    if (r < 0)
        report(j, GB_FINDING_LOG_PAYLOAD, event, gb_arena_printf(j->arena, "%s", why.text));
}

static int judge_data(const struct judge *j, const struct boot_event *event, bool *ret_proven,
                      struct gb_err *err)
{
    enum event_data answer;
    int r = event_data_check(j->digester, j->log, event, &answer, err);
    if (r < 0)
        return r;
    bool proven = answer == EVENT_DATA_PROVEN;
    if (answer == EVENT_DATA_LIES || is_disguised_separator(j, event, proven))
        report(j, GB_FINDING_EVENT_DATA, event, measured_text(j, event));
    judge_payload(j, event);
    *ret_proven = proven;
    return GB_OK;
}

int event_log_judge(struct gb_arena *arena, struct digester *digester, const struct eventlog *log,
                    const bool **ret_proven, struct gb_findings *findings, struct gb_err *err)
{
    struct judge j = {.arena = arena, .digester = digester, .log = log, .findings = findings};
    bool *proven = gb_arena_new_array(arena, bool, log->count);
    if (!proven)
        return gb_err_nomem(err);
    int r = hash_separators(&j, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < log->count; i++) {
        r = judge_data(&j, &log->events[i], &proven[i], err);
        if (r < 0)
            return r;
    }
    r = event_grammar_judge(arena, log, findings, err);
    if (r < 0)
        return r;
    if (ret_proven)
        *ret_proven = proven;
    return GB_OK;
}
