/* systemd_log_read, and the replay of what it gives. */
#include <stdlib.h>

#include "crypto/digest.h"
#include "evidence/systemd_log.h"
#include "verify/event_data.h"
#include "verify/replay_boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct pcr_values values = {.count = 1, .banks = {{.alg = DIGEST_SHA256}}};
    struct systemd_log log;
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    if (!arena || systemd_log_read(arena, gb_bytes(data, size), &log, NULL) < 0)
        return 0;
    if (replay_systemd(digester, &log, &values, NULL) < 0)
        abort();
    for (size_t i = 0; i < log.count; i++) {
        enum event_data answer;
        if (log.events[i].pcr >= GB_LIMIT_PCRS ||
            event_data_check_systemd(digester, &log.events[i], &answer, NULL) < 0)
            abort();
    }
    return 0;
}
