/* eventlog_read, and all that is done with a log before its PCRs are compared: replay, data,
 * grammar, descriptions. */
#include <stdlib.h>

#include "crypto/digest.h"
#include "evidence/uefi.h"
#include "verify/event_data.h"
#include "verify/replay_boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

static void use(struct gb_arena *arena, const struct eventlog *log, struct gb_findings *findings)
{
    const bool *proven;
    struct pcr_values values;
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    if (replay_boot(digester, log, &values, NULL) < 0 ||
        event_log_judge(arena, digester, log, &proven, findings, NULL) < 0)
        abort(); /* nothing but memory can fail here */
    for (size_t i = 0; i < log->count; i++) {
        const char *text = NULL;
        if (uefi_describe(arena, &log->events[i], &text, NULL) == GB_OK && !text)
            abort();
        if (proven[i] && log->events[i].type == EV_NO_ACTION)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_findings findings = {.arena = arena};
    struct eventlog log;
    if (arena && eventlog_read(arena, gb_bytes(data, size), &log, &findings, NULL) == GB_OK)
        use(arena, &log, &findings);
    return 0;
}
