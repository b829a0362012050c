/* Aims at ima_read (both forms, all templates), ima_template_digest, replay_ima_pass and
 * replay_ima_prove. The first byte chooses the template hash. */
#include <stdint.h>
#include <stdlib.h>

#include "evidence/ima.h"
#include "verify/replay_ima.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a reader promises of every entry it accepts. */
static void check_entry(const struct ima_log *log, const struct ima_entry *entry)
{
    if (entry->pcr >= GB_LIMIT_PCRS || entry->template_name.len == 0 || !entry->template_digest)
        abort();
    if (entry->file_alg != DIGEST_NONE && entry->file_digest.len != digest_size(entry->file_alg))
        abort();
    bool zero = gb_bytes_all(gb_bytes(entry->template_digest, log->template_digest_size), 0);
    if (zero != entry->is_violation)
        abort();
}

static void replay(struct gb_arena *arena, struct digester *digester, const struct ima_log *log)
{
    struct gb_findings findings = {.arena = arena};
    struct replay_ima states[3];
    struct replay_ima_answer answer;
    bool matched;
    replay_ima_init(&states[0], DIGEST_SHA256, false);
    replay_ima_init(&states[1], DIGEST_SHA384, true);
    replay_ima_init(&states[2], DIGEST_SHA256, false);
    if (replay_ima_pass(digester, log, NULL, states, 2, NULL, &answer, NULL) < 0)
        abort();
    if (replay_ima_prove(digester, log, states[0].value, &states[2], &matched, &findings, NULL) < 0)
        abort();
    if (!matched || states[2].next > states[0].next || findings.count > answer.mismatches)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum digest_alg algs[] = {DIGEST_NONE, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512};
    static struct digester *digester;
    if (size == 0 || (!digester && digester_new(&digester, NULL) < 0))
        return 0;
    struct gb_arena *arena = gb_arena_new();
    struct ima_log log;
    struct gb_bytes in = gb_bytes(data + 1, size - 1);
    if (arena && ima_read(arena, in, algs[data[0] % GB_ARRAY_LEN(algs)], &log, NULL) == GB_OK) {
        for (size_t i = 0; i < log.count; i++)
            check_entry(&log, &log.entries[i]);
        replay(arena, digester, &log);
    }
    gb_arena_free(arena);
    return 0;
}
