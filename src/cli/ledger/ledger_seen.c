#include "cli/ledger/ledger_seen.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

enum { KEY = LEDGER_SEEN_KEY, FIRST = 1 << 12 };

/* Where the digest stands, or would; the room is never full. */
static uint8_t *slot_of(const struct ledger_seen_half *half, const uint8_t *digest)
{
    static const uint8_t none[KEY];
    uint64_t hash = 0;
    memcpy(&hash, digest, sizeof hash);
    size_t at = (size_t)hash & half->mask;
    while (memcmp(half->slots + at * KEY, digest, KEY) != 0 &&
           memcmp(half->slots + at * KEY, none, KEY) != 0)
        at = (at + 1) & half->mask;
    return half->slots + at * KEY;
}

static bool stands(const struct ledger_seen_half *half, const uint8_t *digest)
{
    return half->slots && memcmp(slot_of(half, digest), digest, KEY) == 0;
}

static bool grow(struct ledger_seen_half *half)
{
    static const uint8_t none[KEY];
    struct ledger_seen_half more = *half;
    if (half->slots && half->count <= half->mask / 2)
        return true;
    more.mask = half->slots ? 2 * half->mask + 1 : FIRST - 1;
    more.slots = gb_calloc(more.mask + 1, KEY);
    if (!more.slots)
        return false;
    for (size_t i = 0; half->slots && i <= half->mask; i++)
        if (memcmp(half->slots + i * KEY, none, KEY) != 0)
            memcpy(slot_of(&more, half->slots + i * KEY), half->slots + i * KEY, KEY);
    gb_free(half->slots);
    *half = more;
    return true;
}

int ledger_seen_add(struct ledger_seen *seen, const uint8_t digest[32], struct gb_err *err)
{
    if (stands(&seen->now, digest) || stands(&seen->before, digest))
        return 1;
    if (seen->now.count == LEDGER_SEEN_MOST) {
        gb_free(seen->before.slots);
        seen->before = seen->now;
        seen->now = (struct ledger_seen_half){0};
    }
    if (!grow(&seen->now))
        return gb_err_nomem(err);
    memcpy(slot_of(&seen->now, digest), digest, KEY);
    seen->now.count++;
    return GB_OK;
}

void ledger_seen_done(struct ledger_seen *seen)
{
    gb_free(seen->now.slots);
    gb_free(seen->before.slots);
    *seen = (struct ledger_seen){0};
}
