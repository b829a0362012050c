#include <string.h>

#include "attest/next.h"
#include "base/limits.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "policy/judge/standing.h"
#include "result/verdict.h"
#include "verify/replay_ima.h"
#include "verify/seen.h"

/* Field by field, big-endian; the first byte is the version. Whoever changes a field counts it up:
 * what is not read back only costs a whole round. */
enum { VERSION = 7 };

struct out {
    uint8_t *data;
    size_t len;
};

static void put(struct out *out, uint64_t value, size_t size)
{
    for (size_t i = size; i > 0; i--)
        out->data[out->len++] = (uint8_t)(value >> 8 * (i - 1));
}

static void put_bytes(struct out *out, const uint8_t *data, size_t size)
{
    memcpy(out->data + out->len, data, size);
    out->len += size;
}

static void put_replay(struct out *out, const struct replay_ima *state)
{
    put(out, (uint64_t)state->alg, 2);
    put(out, state->padded, 1);
    put(out, state->short_ones, 1);
    put(out, state->next, 8);
    put_bytes(out, state->value, sizeof state->value);
}

static void put_seen(struct out *out, const struct seen *seen)
{
    put(out, seen->known, 1);
    put(out, seen->whole, 1);
    put(out, (uint64_t)seen->bank, 2);
    put_bytes(out, seen->boot_log, sizeof seen->boot_log);
    put_bytes(out, seen->boot_values, sizeof seen->boot_values);
    put_replay(out, &seen->ima);
    put(out, seen->other_count, 1);
    for (size_t i = 0; i < seen->other_count; i++)
        put_replay(out, &seen->others[i]);
    put(out, seen->clock_ms, 8);
    put(out, (uint64_t)seen->asked_s, 8);
    put(out, (uint64_t)seen->answered_s, 8);
    put(out, seen->reset_count, 4);
    put(out, seen->restart_count, 4);
    put(out, seen->rolled_back, 1);
}

static void put_standing(struct out *out, const struct standing *standing)
{
    put(out, standing->policy_named, 1);
    put(out, standing->files_judged, 1);
    put(out, standing->disproven, 1);
    put(out, (uint64_t)standing->until_s, 8);
    put(out, GB_LINK_COUNT, 1);
    for (int i = 0; i < GB_LINK_COUNT; i++) {
        const struct standing_link *link = &standing->links[i];
        put(out, link->worst, 1);
        put(out, link->has_affirming, 1);
        put(out, link->unjudged, 1);
        put(out, link->not_allowed, 1);
    }
}

static void put_words(struct out *out, const uint64_t words[STANDING_SETS / 64])
{
    for (size_t i = 0; i < STANDING_SETS / 64; i++)
        put(out, words[i], 8);
}

size_t progress_write(const struct progress *progress, uint8_t out[PROGRESS_MAX])
{
    struct out o = {.data = out};
    put(&o, VERSION, 1);
    put_seen(&o, &progress->seen);
    put_standing(&o, &progress->standings.own);
    for (size_t i = 0; i < STANDING_SHADOWS; i++)
        put_standing(&o, &progress->standings.shadows[i]);
    put_words(&o, progress->standings.sets.matched);
    put_words(&o, progress->standings.sets.needed);
    put(&o, progress->standings.tpm, 1);
    put(&o, progress->trust_id, 8);
    put_bytes(&o, progress->said, sizeof progress->said);
    return o.len;
}

/* ---- reading ---- */

static bool get_bool(struct gb_reader *r)
{
    uint8_t value = gb_read_u8(r);
    if (value > 1)
        gb_reader_fail(r, "neither true nor false");
    return value == 1;
}

static enum digest_alg get_alg(struct gb_reader *r)
{
    uint16_t id = gb_read_u16be(r);
    enum digest_alg alg = digest_from_id(id);
    if (id != 0 && alg == DIGEST_NONE)
        gb_reader_fail(r, "unknown hash");
    return alg;
}

static void get_bytes(struct gb_reader *r, uint8_t *out, size_t size)
{
    struct gb_bytes in = gb_read_bytes(r, size);
    if (in.len == size)
        memcpy(out, in.data, size);
}

static void get_replay(struct gb_reader *r, struct replay_ima *state)
{
    state->alg = get_alg(r);
    state->padded = get_bool(r);
    state->short_ones = get_bool(r);
    uint64_t next = gb_read_u64be(r);
    if (next > GB_LIMIT_IMA_FROM)
        gb_reader_fail(r, "too many entries");
    state->next = (size_t)next;
    get_bytes(r, state->value, sizeof state->value);
}

static void get_seen(struct gb_reader *r, struct seen *seen)
{
    seen->known = get_bool(r);
    seen->whole = get_bool(r);
    seen->bank = get_alg(r);
    get_bytes(r, seen->boot_log, sizeof seen->boot_log);
    get_bytes(r, seen->boot_values, sizeof seen->boot_values);
    get_replay(r, &seen->ima);
    seen->other_count = gb_read_u8(r);
    if (seen->other_count > SEEN_OTHERS)
        gb_reader_fail(r, "too many banks");
    for (size_t i = 0; i < seen->other_count && gb_reader_ok(r); i++)
        get_replay(r, &seen->others[i]);
    seen->clock_ms = gb_read_u64be(r);
    seen->asked_s = (int64_t)gb_read_u64be(r);
    seen->answered_s = (int64_t)gb_read_u64be(r);
    seen->reset_count = gb_read_u32be(r);
    seen->restart_count = gb_read_u32be(r);
    seen->rolled_back = get_bool(r);
}

static void get_standing(struct gb_reader *r, struct standing *standing)
{
    standing->policy_named = get_bool(r);
    standing->files_judged = get_bool(r);
    standing->disproven = get_bool(r);
    standing->until_s = (int64_t)gb_read_u64be(r);
    if (gb_read_u8(r) != GB_LINK_COUNT)
        gb_reader_fail(r, "another chain");
    for (int i = 0; i < GB_LINK_COUNT && gb_reader_ok(r); i++) {
        struct standing_link *link = &standing->links[i];
        link->worst = gb_read_u8(r);
        if (link->worst > GB_TIER_CONTRAINDICATED)
            gb_reader_fail(r, "unknown tier");
        link->has_affirming = get_bool(r);
        link->unjudged = get_bool(r);
        link->not_allowed = get_bool(r);
    }
}

static void get_words(struct gb_reader *r, uint64_t words[STANDING_SETS / 64])
{
    for (size_t i = 0; i < STANDING_SETS / 64; i++)
        words[i] = gb_read_u64be(r);
}

void progress_read(struct gb_bytes in, struct progress *ret_progress)
{
    struct progress progress = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    if (gb_read_u8(&r) != VERSION)
        gb_reader_fail(&r, "another version");
    get_seen(&r, &progress.seen);
    get_standing(&r, &progress.standings.own);
    for (size_t i = 0; i < STANDING_SHADOWS; i++)
        get_standing(&r, &progress.standings.shadows[i]);
    get_words(&r, progress.standings.sets.matched);
    get_words(&r, progress.standings.sets.needed);
    progress.standings.tpm = gb_read_u8(&r);
    if (progress.standings.tpm > VERDICT_TPM_VIRTUAL)
        gb_reader_fail(&r, "unknown kind of TPM");
    progress.trust_id = gb_read_u64be(&r);
    get_bytes(&r, progress.said, sizeof progress.said);
    *ret_progress = gb_reader_finish(&r, NULL) == GB_OK ? progress : (struct progress){0};
}
