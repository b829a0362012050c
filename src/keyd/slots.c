#include "keyd/slots.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/rand.h"

int slots_init(struct slots *slots, size_t count, struct gb_err *err)
{
    *slots = (struct slots){.slots = gb_calloc(count, sizeof(struct slot)), .count = count};
    return slots->slots ? GB_OK : gb_err_nomem(err);
}

void slots_done(struct slots *slots)
{
    gb_free(slots->slots);
    *slots = (struct slots){0};
}

/* From the oldest on. Remembers when the first will be free, so that a full table costs no scan. */
static bool find_free(struct slots *slots, int64_t now_ms, size_t *ret_place)
{
    if (now_ms < slots->full_until_ms)
        return false;
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < slots->count; i++) {
        size_t place = (slots->next + i) % slots->count;
        if (slots->slots[place].expires_ms <= now_ms) {
            *ret_place = place;
            return true;
        }
        if (slots->slots[place].expires_ms < first_ms)
            first_ms = slots->slots[place].expires_ms;
    }
    slots->full_until_ms = first_ms;
    return false;
}

static int name(struct slot *slot, size_t place, struct gb_err *err)
{
    slot->id[0] = (uint8_t)(place >> 24);
    slot->id[1] = (uint8_t)(place >> 16);
    slot->id[2] = (uint8_t)(place >> 8);
    slot->id[3] = (uint8_t)place;
    return rand_bytes(slot->id + 4, sizeof slot->id - 4, err);
}

int slots_add(struct slots *slots, int64_t now_ms, int64_t life_ms, size_t *ret_place,
              struct gb_err *err)
{
    size_t place = 0;
    if (!find_free(slots, now_ms, &place))
        return gb_err_set(err, GB_ERR_AGAIN, "too many are under way");
    slots->slots[place].expires_ms = 0;
    int r = name(&slots->slots[place], place, err);
    if (r < 0)
        return r;
    slots->slots[place].expires_ms = now_ms + life_ms;
    slots->next = (place + 1) % slots->count;
    *ret_place = place;
    return GB_OK;
}

bool slots_find(const struct slots *slots, const uint8_t *id, size_t len, int64_t now_ms,
                size_t *ret_place)
{
    size_t place = (size_t)id[0] << 24 | (size_t)id[1] << 16 | (size_t)id[2] << 8 | id[3];
    if (place >= slots->count || len < 16 || len > SLOT_ID)
        return false;
    const struct slot *slot = &slots->slots[place];
    if (slot->expires_ms <= now_ms || memcmp(slot->id, id, len) != 0)
        return false;
    *ret_place = place;
    return true;
}

void slots_drop(struct slots *slots, size_t place)
{
    slots->slots[place] = (struct slot){0};
    slots->full_until_ms = 0;
}
