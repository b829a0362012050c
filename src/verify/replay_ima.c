#include "verify/replay_ima.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/ima.h"

/* Bytes of a path in a finding. */
enum { SHOWN_PATH = 512 };

/* The digests of one entry's template data, each made once, when a bank first asks for it. */
struct entry_digests {
    bool have[DIGEST_ALGS];
    uint8_t value[DIGEST_ALGS][GB_LIMIT_DIGEST];
};

static size_t row_of(enum digest_alg alg)
{
    size_t row = 0;
    while (row < DIGEST_ALGS - 1 && digest_algs[row] != alg)
        row++;
    return row;
}

static int digest_in(struct digester *digester, const struct ima_entry *entry, enum digest_alg alg,
                     struct entry_digests *digests, const uint8_t **ret_digest)
{
    size_t row = row_of(alg);
    int r = GB_OK;
    if (!digests->have[row])
        r = ima_template_digest(digester, alg, entry, digests->value[row]);
    if (r < 0)
        return r;
    digests->have[row] = true;
    *ret_digest = digests->value[row];
    return GB_OK;
}

void replay_ima_init(struct replay_ima *state, enum digest_alg alg, bool padded)
{
    *state = (struct replay_ima){.alg = alg, .padded = padded};
}

/* What the kernel passed to TPM2_PCR_Extend, into `out` (digest_size bytes): ones for a violation
 * (ima_queue.c, ima_add_template_entry), else the template digest or its padded SHA-1. */
static int extended_value(struct digester *digester, const struct ima_entry *entry,
                          const struct replay_ima *state, struct entry_digests *digests,
                          uint8_t *out)
{
    const size_t sha1_size = 20;
    size_t size = digest_size(state->alg);
    const uint8_t *digest;
    memset(out, 0, size);
    if (entry->is_violation) {
        memset(out, 0xff, state->padded && state->short_ones ? sha1_size : size);
        return GB_OK;
    }
    int r = digest_in(digester, entry, state->padded ? DIGEST_SHA1 : state->alg, digests, &digest);
    if (r == GB_OK)
        memcpy(out, digest, state->padded ? sha1_size : size);
    return r;
}

static int extend(struct digester *digester, const struct ima_entry *entry,
                  struct replay_ima *state, struct entry_digests *digests)
{
    uint8_t both[2 * GB_LIMIT_DIGEST];
    size_t size = digest_size(state->alg);
    memcpy(both, state->value, size);
    int r = extended_value(digester, entry, state, digests, both + size);
    return r < 0 ? r : digest_of(digester, state->alg, gb_bytes(both, 2 * size), state->value);
}

static int check_template(struct digester *digester, const struct ima_log *log,
                          const struct ima_entry *entry, struct entry_digests *digests,
                          bool *ret_good)
{
    const uint8_t *digest;
    if (entry->is_violation) {
        *ret_good = true;
        return GB_OK;
    }
    int r = digest_in(digester, entry, log->template_alg, digests, &digest);
    if (r == GB_OK)
        *ret_good = memcmp(digest, entry->template_digest, log->template_digest_size) == 0;
    return r;
}

static bool reached(const struct replay_ima *state, const uint8_t *quoted)
{
    return quoted && memcmp(state->value, quoted, digest_size(state->alg)) == 0;
}

/* One entry into all banks. */
static int step(struct digester *digester, const struct ima_entry *entry, struct replay_ima *states,
                size_t count, struct entry_digests *digests)
{
    for (size_t i = 0; i < count; i++) {
        int r = entry->pcr == REPLAY_IMA_PCR ? extend(digester, entry, &states[i], digests) : GB_OK;
        if (r < 0)
            return r;
        states[i].next++;
    }
    return GB_OK;
}

int replay_ima_pass(struct digester *digester, const struct ima_log *log, const uint8_t *quoted,
                    struct replay_ima *states, size_t count, bool *bad,
                    struct replay_ima_answer *ret_answer, struct gb_err *err)
{
    struct replay_ima_answer answer = {.matched = reached(states, quoted)};
    struct entry_digests digests; /* outside the loop, which would clear it whole each time */
    for (size_t i = states->next; i < log->count && !answer.matched; i++) {
        bool good = false;
        memset(digests.have, 0, sizeof digests.have);
        int r = check_template(digester, log, &log->entries[i], &digests, &good);
        if (r == GB_OK)
            r = step(digester, &log->entries[i], states, count, &digests);
        if (r < 0)
            return gb_err_set(err, r, "IMA entry %zu cannot be hashed", i);
        if (!good)
            answer.mismatches++;
        if (!good && bad)
            bad[i] = true;
        answer.matched = reached(states, quoted);
    }
    *ret_answer = answer;
    return GB_OK;
}

int replay_ima_run(struct digester *digester, const struct ima_log *log, const uint8_t *quoted,
                   struct replay_ima *state, bool *ret_matched, struct gb_err *err)
{
    struct replay_ima now = *state;
    struct entry_digests digests;
    bool matched = reached(&now, quoted);
    while (!matched && now.next < log->count) {
        memset(digests.have, 0, sizeof digests.have);
        size_t at = now.next;
        int r = step(digester, &log->entries[at], &now, 1, &digests);
        if (r < 0)
            return gb_err_set(err, r, "IMA entry %zu cannot be hashed", at);
        matched = reached(&now, quoted);
    }
    *state = now;
    *ret_matched = matched;
    return GB_OK;
}

/* The entry's name is what a person looks for first. */
static void report(struct gb_findings *findings, const struct ima_log *log, size_t index)
{
    const struct ima_entry *entry = &log->entries[index];
    struct gb_bytes name = entry->path.len > 0 ? entry->path : entry->template_name;
    char *text = gb_text_escape(findings->arena, name, SHOWN_PATH);
    char *what =
        text ? gb_arena_printf(findings->arena, "%s: %s", digest_name(log->template_alg), text)
             : NULL;
    if (!what)
        findings->failed = true;
    gb_finding_add(
        findings, GB_FINDING_IMA_TEMPLATE_HASH,
        (struct gb_event_ref){.log = GB_LOG_IMA, .index = (uint32_t)(log->first + index)}, what,
        NULL, NULL);
}

int replay_ima_templates(struct digester *digester, const struct ima_log *log, size_t from,
                         size_t to, struct gb_findings *findings, struct gb_err *err)
{
    for (size_t i = from; i < to && i < log->count; i++) {
        struct entry_digests digests;
        bool good = false;
        memset(digests.have, 0, sizeof digests.have);
        int r = check_template(digester, log, &log->entries[i], &digests, &good);
        if (r < 0)
            return gb_err_set(err, r, "IMA entry %zu cannot be hashed", i);
        if (!good)
            report(findings, log, i);
    }
    return GB_OK;
}

/* The padded forms, from the start of the list: violations as ones (5.8 and later, when the kernel
 * lacks the hash), then as the older kernels' 20 ones. */
static int try_padded(struct digester *digester, const struct ima_log *log, const uint8_t *quoted,
                      struct replay_ima *state, struct replay_ima_answer *answer,
                      struct gb_err *err)
{
    for (int old = 0; old <= 1 && !answer->matched; old++) {
        struct replay_ima padded;
        struct replay_ima_answer again = {0};
        replay_ima_init(&padded, state->alg, true);
        padded.short_ones = old;
        int r = replay_ima_pass(digester, log, quoted, &padded, 1, NULL, &again, err);
        if (r < 0)
            return r;
        if (again.matched) {
            *state = padded;
            *answer = again;
        }
    }
    return GB_OK;
}

int replay_ima_prove(struct digester *digester, const struct ima_log *log, const uint8_t *quoted,
                     struct replay_ima *state, bool *ret_matched, struct gb_findings *findings,
                     struct gb_err *err)
{
    struct replay_ima now = *state;
    struct replay_ima_answer answer = {0};
    int r = replay_ima_pass(digester, log, quoted, &now, 1, NULL, &answer, err);
    if (r == GB_OK && !answer.matched && state->next == 0 && !state->padded &&
        state->alg != DIGEST_SHA1)
        r = try_padded(digester, log, quoted, &now, &answer, err);
    if (r == GB_OK && answer.mismatches > 0)
        r = replay_ima_templates(digester, log, state->next, now.next, findings, err);
    if (r < 0)
        return r;
    *state = now;
    *ret_matched = answer.matched;
    return GB_OK;
}
